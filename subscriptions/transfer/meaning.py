"""What a row says of a reader: address, whether they get mail, since when, how they agreed, tags.

Names are not taken: no mail of ours says them, and a list without them harms fewer people. Nor are
the addresses of computers from which somebody signed up.
"""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from newsroom.core.clean_text import clean
from newsroom.core.table_files.reading import Cells
from newsroom.mail.addresses import AddressField, plain
from subscriptions.transfer.formats import (
    ADDRESS,
    BY_KEY,
    LOST,
    NOT_LOST,
    STATES,
    Format,
    State,
    folded,
    recognise,
    state_of_file,
)

FIRST_DAY = date(1995, 1, 1)  # nobody had a newsletter by a tool of these
LONGEST_TAG, MOST_TAGS, LONGEST_WAY = 60, 30, 24
NO_ADDRESS = "no address"
PROBLEMS = {
    "invalid": "not an e-mail address",
    "foreign": "letters before the @ that many mail servers don't take",
    "disposable": "a throw-away address",
    "required": NO_ADDRESS,
}
# Of what is said twice of somebody the stricter holds.
STRICTNESS = [State.ACTIVE, State.UNSUBSCRIBED, State.BOUNCED, State.BLOCKED, State.COMPLAINED]
DELETED = "@deletion-request.substack.com"
WRAPPED = re.compile(r"[^<>]*<([^<>@]+@[^<>]+)>", re.DOTALL)
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})(?!\d)")
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"


class Person(NamedTuple):
    """What a row says; ``since``, ``left``: None where it does not say when."""

    email: str
    state: State
    since: date | None
    left: date | None
    way: str
    tags: tuple[str, ...]


@dataclass
class Mapping:
    """Which columns say what, by their names; what its owner answered where the file is silent.

    ``states``: what each word of the column ``status`` means. ``otherwise``: what everybody is
    whose file has no such column, and no name that says it; "": nobody has said yet.
    ``shown``: the columns of the file that its owner was asked about, the first of a zip.
    """

    format: str = "plain"
    address: str = ""
    status: str = ""
    states: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""
    since: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    way: str = ""
    tags: list[str] = field(default_factory=list)
    dates: str = DAY_FIRST
    with_tags: bool = False
    shown: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Mapping":
        """As far as this version knows it; what an older one did not write, nobody has said."""
        known = cls.__dataclass_fields__
        return cls(**{name: stored[name] for name in stored.keys() & known.keys()})

    @classmethod
    def to_read_by(cls, stored: dict[str, Any]) -> "Mapping":
        """Whole, to bring people onto a list by it. Raises Newer."""
        if stored.keys() - cls.__dataclass_fields__.keys():
            raise Newer
        return cls.of(stored)


def mapping_for(given: Mapping, names: list[str]) -> Mapping:
    """How another file of the same zip is read, whose columns may be others."""
    own = proposed(recognise(names), names, [])
    if given.address in names:
        # Who is lost by a column that the first file has not, so that nobody was asked about it.
        more = [name for name in own.left if given.shown and name not in given.shown]
        return replace(given, left=[*given.left, *more])
    own.states |= given.states
    own.otherwise, own.dates, own.with_tags = given.otherwise, given.dates, given.with_tags
    return own


class Newer(Exception):
    """A newer version means more by it: to read on may bring back somebody who has left."""


class Incomplete(Exception):
    """What has to be said before this file can be read."""


def names_of(first: Cells) -> tuple[list[str], bool]:
    """The columns' names, and whether the first row is one of readers already. What has no name is
    called by its number; of two that have the same, the second says so."""
    headless = any(plain(cell.strip()) for cell in first)
    names: list[str] = []
    for number, cell in enumerate(first, 1):
        name = "" if headless else " ".join(clean(cell).split())[:60]
        name = name or f"Column {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return names, headless


def proposed(found: Format, names: list[str], samples: list[Cells]) -> Mapping:
    """How a file of this tool is read, if its owner says nothing else."""
    by_name = {folded(name): name for name in reversed(names)}

    def first_of(wanted: Any) -> str:
        return next((by_name[one] for one in wanted if one in by_name), "")

    def all_of(wanted: Any) -> list[str]:
        return [by_name[one] for one in wanted if one in by_name]

    mapping = Mapping(
        format=found.key,
        address=first_of(ADDRESS) or with_addresses(names, samples),
        status=first_of(found.status),
        otherwise=str(found.otherwise or ""),
        since=all_of(found.since),
        left=all_of(LOST),
        way=first_of(found.way),
        tags=all_of(found.tags),
        dates=MONTH_FIRST if month_first(samples) else DAY_FIRST,
        shown=names,
    )
    if mapping.status:
        words = words_in(names.index(mapping.status), samples)
        mapping.states = {word: str(means(found, word) or "") for word in words}
    return mapping


def with_addresses(names: list[str], samples: list[Cells]) -> str:
    """The column that has most of them; "": none has."""
    counts = [0] * len(names)
    for cells in samples:
        for place, cell in enumerate(cells[: len(names)]):
            counts[place] += "@" in cell
    most = max(counts, default=0)
    return names[counts.index(most)] if most else ""


def words_in(place: int, samples: list[Cells], most: int = 20) -> list[str]:
    found: dict[str, None] = {}
    for cells in samples:
        if place < len(cells) and "@" not in cells[place]:  # kept as they are: never an address
            found.setdefault(folded(cells[place])[:40])
    return list(found)[:most]


def means(found: Format, word: str) -> State | None:
    if found.key == "listmonk" and word == "enabled":
        return None  # said of the person: see what is asked
    return found.states.get(word) or STATES.get(word)


def month_first(samples: list[Cells]) -> bool:
    """Is there a date that can only be read so, and none that can't?"""
    pairs = [
        (int(match[1]), int(match[3]))
        for cells in samples
        for cell in cells
        if (match := YEAR_LAST.match(cell.strip()))
    ]
    return any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs)


Read = Callable[[Cells], "Person | str"]


def reader_of(mapping: Mapping, names: list[str], file_name: str) -> Read:
    """A function from a row's cells to who it is, or why it is nobody. Raises Incomplete."""
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    found = BY_KEY.get(mapping.format, BY_KEY["plain"])
    if mapping.address not in places:
        raise Incomplete("Say which column has the addresses.")
    address = places[mapping.address]
    status = places.get(mapping.status)
    of_all = None if status is not None else state_of_file(found, file_name)
    if status is None and of_all is None:
        if not mapping.otherwise:
            raise Incomplete("Say what the readers in this file are: it does not say so itself.")
        of_all = State(mapping.otherwise)
    states = {word: State(state) for word, state in mapping.states.items() if state}
    since = [
        (places[name], found.ways.get(folded(name), "")) for name in mapping.since if name in places
    ]
    left = [
        (places[name], LOST.get(folded(name), State.UNSUBSCRIBED))
        for name in mapping.left
        if name in places and name != mapping.status
    ]
    way = places.get(mapping.way)
    tags = [places[name] for name in mapping.tags if name in places] if mapping.with_tags else []
    day_first = mapping.dates != MONTH_FIRST

    def read(cells: Cells) -> Person | str:
        count = len(cells)
        if address >= count:
            return NO_ADDRESS
        typed = cells[address]
        email = plain(typed)
        if email is None:
            email, problem = closely(typed)
            if problem:
                return problem
        if email.endswith(DELETED):
            return "has asked Substack to be deleted"
        state = of_all
        if status is not None:
            word = folded(cells[status]) if status < count else ""
            state = states.get(word)
            if state is None:
                return "its status is empty" if not word else "a status that nobody has explained"
        began, how = None, ""
        for place, words in since:
            if place < count and cells[place] and (began := day(cells[place], day_first)):
                how = words
                break
        ended = None
        for place, lost in left:
            if place < count and is_lost(cells[place]):
                on = day(cells[place], day_first)
                if on and began and on < began:
                    continue  # who came back since
                ended, state = ended or on, stricter(state, lost)
        if way is not None and way < count and cells[way]:
            how = clean(cells[way]).strip()[:LONGEST_WAY]
            how = "" if "@" in how else how
        own = tags_of([cells[place] for place in tags if place < count]) if tags else ()
        return Person(email, state, began, ended, how, own)  # type: ignore[arg-type]

    return read


def is_lost(cell: str) -> bool:
    """Does a column of ``LOST`` say it of this row? Also with a day that can't be read."""
    word = folded(cell)
    return word not in NOT_LOST and not word.startswith("0000-")


def stricter(state: State | None, lost: State) -> State | None:
    """Nobody comes onto the list who is lost; who never agreed stays left out."""
    return (
        lost if state in STRICTNESS and STRICTNESS.index(lost) > STRICTNESS.index(state) else state
    )


FIELD = AddressField(max_length=254)


def closely(typed: str) -> tuple[str, str]:
    """An address that is not of the usual kind, and "", or "" and why it is none."""
    text = typed.strip().lstrip("'").strip()
    if len(text) > 1000:
        return "", PROBLEMS["invalid"]
    if match := WRAPPED.fullmatch(text):
        text = match[1]
    text = text.removeprefix("mailto:").removeprefix("MAILTO:").strip()
    try:
        return str(FIELD.clean(text)), ""
    except ValidationError as error:
        return "", PROBLEMS.get(str(error.error_list[0].code), PROBLEMS["invalid"])


@lru_cache(50_000)
def day(text: str, day_first: bool = True) -> date | None:
    """The day that a text begins with; None: it has none, or one that can't be."""
    text = text.strip()
    try:
        if match := YEAR_FIRST.match(text):
            found = date(int(match[1]), int(match[2]), int(match[3]))
        elif match := YEAR_LAST.match(text):
            first, second = int(match[1]), int(match[3])
            swapped = match[2] == "/" and not day_first
            number, month = (second, first) if swapped else (first, second)
            found = date(int(match[4]), month, number)
        else:
            return None
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= date.today() else None  # noqa: DTZ011


def tags_of(cells: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for cell in cells:
        for tag in split_tags(cell.strip()):
            plain_tag = " ".join(clean(tag).split())[:LONGEST_TAG].strip()
            if plain_tag and "@" not in plain_tag:
                found.setdefault(plain_tag)
    return tuple(found)[:MOST_TAGS]


@lru_cache(10_000)
def split_tags(cell: str) -> list[str]:
    """A list of JSON, or separated by commas or semicolons, with quotes around a tag or a backslash
    before a comma that belongs to it."""
    if cell.startswith("["):
        try:
            inside = json.loads(cell)
        except (ValueError, RecursionError):
            inside = None
        if isinstance(inside, list):
            return [one for one in inside if isinstance(one, str)]
    separator = ";" if ";" in cell and "," not in cell else ","
    try:
        reader = csv.reader([cell], delimiter=separator, escapechar="\\", skipinitialspace=True)
        return [tag for row in reader for tag in row]
    except csv.Error:
        return []


def masked(typed: str) -> str:
    """“r…@g…com”: enough to see that it is an address, and not whose."""
    email, problem = closely(typed)
    if problem:
        return f"({problem})"
    local, _, domain = email.partition("@")
    return f"{local[0]}…@{domain[0]}…{domain.rpartition('.')[2]}"
