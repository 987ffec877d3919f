"""How a front page is filled: first what is pinned, then by rule, from above, and nothing twice.

The arrangement is read as it is stored, so that no block asks the database for what it refers to.
However long it is, one query finds which articles could stand where, and one reads those that do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.expressions import ArraySubquery
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from taggit.models import Tag

from newsroom.kept_pages import noting
from newsroom.models.addressed import readable
from newsroom.models.article import ArticlePage
from newsroom.models.reads import FEWEST_ARTICLES, DailyReads

from .blocks import By, boxes

Raw = Sequence[dict[str, Any]]

# What stands there while editors have arranged nothing.
BY_ITSELF: Raw = [{"type": "top", "value": {}}, {"type": "sections", "value": None}]
BESIDE, OF_A_ROW, MOST_READ = 5, 4, 5  # articles, if nothing else is said


@dataclass(frozen=True)
class Rule:
    by: str
    section: Any = None
    topic: Tag | None = None

    def queries(self, many: int) -> list[Any]:
        """For the articles in question, the best first; then for the newest, if these are few."""
        articles = readable(ArticlePage.objects)
        if self.section:
            articles = articles.child_of(self.section)
        if self.topic:
            articles = articles.filter(tagged_items__tag=self.topic)
        newest = articles.order_by("-published_at", "-pk").values("pk")
        best: dict[str, list[Any]] = {
            By.PICKS: [newest.filter(pick=True)[:many]],
            By.MOST_READ: [DailyReads.objects.most_read(articles)[:many]],
        }
        return [*best.get(self.by, []), newest[:many]]


@dataclass
class Row:
    """With a place for each article: its number, if it is pinned there."""

    kind: str  # the block's name; “section” for each of “sections”
    pins: list[int | None] = field(default_factory=list)
    rule: Rule | None = None
    words: str = ""  # an editor's title
    box: str = ""
    articles: list[ArticlePage] = field(default_factory=list)
    is_known: bool = False  # the rule has found something, so what it is about has a page

    @property
    def about(self) -> Any:
        return self.rule and (self.rule.topic or self.rule.section)

    @property
    def title(self) -> str:
        return self.words or str(self.about or (self.rule and By(self.rule.by).label) or "")

    @property
    def is_ours(self) -> bool:
        """Is the title in our words, and so in the reader's language?"""
        return not (self.words or self.about)

    @property
    def url(self) -> str:
        if self.rule is None or not self.is_known:
            return ""
        if self.rule.topic:
            return reverse("topic", args=[self.rule.topic.slug])
        if self.rule.section:
            return self.rule.section.url or ""
        return reverse("most_read") if self.rule.by == By.MOST_READ else ""


def most_read(many: int) -> list[ArticlePage]:
    """Those that can be called so."""
    ((found,),) = answers([[DailyReads.objects.most_read(readable(ArticlePage.objects))[:many]]])
    there = teasers(found)
    articles = [there[pk] for pk in found if pk in there]
    return articles if len(articles) >= FEWEST_ARTICLES else []


def filled(raw: Raw, sections: list[Any]) -> list[Row]:
    """The rows that have something, of what is stored; ``sections``: those that readers can open,
    in the order of the paper."""
    rows = list(rows_of(raw or BY_ITSELF, sections))
    pins = [pin for row in rows for pin in row.pins if pin]
    noting.shows(pins)  # when one is out, it is here
    elsewhere = sum(len(row.pins) for row in rows if row.kind != "section")
    queries = [[readable(ArticlePage.objects).filter(pk__in=pins).values("pk")]]
    for row in rows:
        found = row.rule.queries(len(row.pins) + elsewhere) if row.rule else []
        # Below “Most read” stands nothing else; the top of the page has to be full.
        queries.append(found if row.kind == "top" else found[:1])
    (in_print,), *candidates = answers(queries)
    place(rows, set(in_print), candidates)
    articles = teasers(chain(*(row.pins for row in rows)))
    for row in rows:
        row.articles = [articles[pk] for pk in row.pins if pk in articles]
    return [row for row in rows if row.articles or row.box]


def place(rows: list[Row], in_print: set[int], found: list[list[list[int]]]) -> None:
    """An article in each place, as long as there are some."""
    placed: set[int | None] = set()
    for row in rows:
        for number, pin in enumerate(row.pins):
            row.pins[number] = pin if pin in in_print and pin not in placed else None
            placed.add(row.pins[number])
    for row, best in zip(rows, found, strict=True):
        row.is_known = any(best)
        if row.kind == "most_read":
            best = best if len(best[0]) >= FEWEST_ARTICLES else []
        rest = (pk for pk in chain(*best) if pk not in placed)
        for number, pin in enumerate(row.pins):
            row.pins[number] = pin or next(rest, None)
            placed.add(row.pins[number])


def teasers(pks: Iterable[int | None]) -> dict[int | None, ArticlePage]:
    found = readable(ArticlePage.objects.as_teasers()).filter(pk__in=set(pks) - {None})
    return {article.pk: article for article in found}


def answers(queries: list[list[Any]]) -> list[list[list[int]]]:
    """What each of these queries finds, in its order; all in one, beside any row."""
    arrays = [ArraySubquery(query) for query in chain(*queries)]
    found = iter(ContentType.objects.values_list(*arrays)[0])  # a small table that is never empty
    return [[pks or [] for pks in islice(found, len(several))] for several in queries]


def rows_of(raw: Raw, sections: list[Any]) -> Iterator[Row]:
    """As stored, with what they refer to; then the boxes that are below, if not put elsewhere."""
    by_pk = {section.pk: section for section in sections}
    topics = {f"{pk}": topic for pk, topic in Tag.objects.in_bulk(topics_of(raw)).items()}
    with_rows = {value.get("section") for kind, value in stored(raw) if kind == "articles"}
    offered, placed = boxes(), set()

    def rule_of(value: dict[str, Any]) -> Rule | None:
        """None if what it is about is gone, or no longer to be read."""
        section, topic, by = value.get("section"), value.get("topic"), value.get("by")
        by = by if by in By.values else By.NEWEST
        rule = Rule(by, by_pk.get(section), topics.get(f"{topic}"))
        return rule if (not section or rule.section) and (not topic or rule.topic) else None

    for kind, value in stored(raw):
        match kind:
            case "top":
                beside = places(value.get("pins"), value.get("count", BESIDE))
                yield Row(kind, [pinned_in(value.get("lead")), *beside], rule_of(value))
            case "articles":
                pins = places(value.get("pins"), value.get("count", OF_A_ROW))
                yield Row(kind, pins, rule_of(value), value.get("title") or "")
            case "sections":
                for section in sections:
                    if section.pk not in with_rows:
                        yield Row("section", [None] * OF_A_ROW, Rule(By.NEWEST, section))
            case "most_read":
                yield Row(kind, [None] * value.get("count", MOST_READ), Rule(By.MOST_READ))
            case "box" if value.get("box") in offered:
                placed.add(value["box"])
                yield Row(kind, box=value["box"])
    for name, box in offered.items():
        if box.below and name not in placed:
            yield Row("box", box=name)


def stored(raw: Raw) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in raw:
        yield block["type"], block["value"] or {}


def places(pins: Any, count: int) -> list[int | None]:
    found = [pinned_in(pin["value"]) for pin in pins or []]
    return found + [None] * (count - len(found))


def pinned_in(pin: dict[str, Any] | None) -> int | None:
    """The article, while its time is not over."""
    until: datetime | str | None = (pin or {}).get("until")
    over = parse_datetime(until) if isinstance(until, str) else until
    if over:
        noting.until(over)
    return pin.get("article") if pin and not (over and over <= timezone.now()) else None


def pinned(raw: Raw) -> set[int]:
    return {pin for row in rows_of(raw, []) for pin in row.pins if pin}


def topics_of(raw: Raw) -> set[int]:
    found = {value.get("topic") for kind, value in stored(raw)}
    return {topic for topic in found if topic}
