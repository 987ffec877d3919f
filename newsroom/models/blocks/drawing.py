"""A chart as shapes, for its template: all of them numbers and texts, no markup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.formats import number_format

from .pasted import Pasted

WIDTH, HEIGHT = 420, 250  # of a line chart, in units that a phone shows as pixels
LETTER = 7  # a letter's width, about
TOP, BOTTOM, RIGHT = 10, 26, 12
BAR, LABEL, GAP = 14, 19, 9
STEPS = [Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)]


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    words: str
    anchor: str = "start"


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    series: int


@dataclass
class Drawing:
    width: int
    height: int
    names: list[tuple[int, str]] = field(default_factory=list)  # for the legend
    levels: list[float] = field(default_factory=list)  # the lines across
    zero: float | None = None  # where bars begin
    texts: list[Text] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)  # series, points
    dots: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def left(self) -> float:
        return min((text.x for text in self.texts if text.anchor == "end"), default=0) + 6


def shown(number: Decimal, unit: str) -> str:
    """As the language that is spoken writes it."""
    places = max(0, -int(number.normalize().as_tuple().exponent))
    words = number_format(number, places, use_l10n=True, force_grouping=True)
    return f"{words}\u00a0{unit}" if unit else words


def table(pasted: Pasted) -> list[tuple[str, list[str]]]:
    return [
        (label, ["" if one is None else shown(one, pasted.unit) for one in row])
        for label, row in pasted.rows
    ]


def drawn(pasted: Pasted, kind: str) -> Drawing:
    drawing = as_bars(pasted) if kind == "bar" else as_lines(pasted)
    if len(pasted.head) > 2:
        drawing.names = list(enumerate(pasted.head[1:], 1))
    return drawing


def as_lines(pasted: Pasted) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    low, high = span(pasted)
    if low > 0 and low > high * Decimal("0.6"):
        levels = ticks(low, high)
    else:
        levels = ticks(min(low, Decimal(0)), max(high, Decimal(0)))
    words = [shown(level, pasted.unit) for level in levels]
    left = min(max(map(len, words)) * LETTER + 8, WIDTH / 2)
    lowest, highest = float(levels[0]), float(levels[-1])

    def y(number: Decimal) -> float:
        share = (float(number) - lowest) / (highest - lowest)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def x(place: int) -> float:
        return round(left + (WIDTH - RIGHT - left) * place / max(len(pasted.rows) - 1, 1), 1)

    for level, word in zip(levels, words, strict=True):
        drawing.levels.append(y(level))
        drawing.texts.append(Text(left - 6, y(level) + 4, word, "end"))
    drawing.texts += labels_below([label for label, _ in pasted.rows], x, left)
    for series in range(1, len(pasted.head)):
        points = [row[series - 1] for _, row in pasted.rows]
        for run in runs(points):
            there = [(x(place), y(number)) for place, number in run]
            if len(there) == 1:
                drawing.dots.append((series, *there[0]))
            else:
                drawing.lines.append((series, " ".join(f"{a},{b}" for a, b in there)))
    return drawing


def labels_below(labels: Sequence[str], x: object, left: float) -> Iterator[Text]:
    """As many as have room beside each other."""
    labels = [cut(label, 14) for label in labels]
    room = (max(map(len, labels)) + 2) * LETTER
    fitting = max(int((WIDTH - RIGHT - left) // room), 1)
    step = -(-len(labels) // fitting)
    for place in range(0, len(labels), step):
        at = x(place)  # type: ignore[operator]
        last = at > WIDTH - RIGHT - room / 2
        yield Text(WIDTH if last else at, HEIGHT - 6, labels[place], "end" if last else "middle")


def as_bars(pasted: Pasted) -> Drawing:
    """Lying, so that labels have room on a phone, each with its number."""
    series = len(pasted.head) - 1
    height = len(pasted.rows) * (LABEL + series * (BAR + 3) + GAP)
    drawing = Drawing(WIDTH, height)
    low, high = span(pasted)
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    words = [shown(one, pasted.unit) for _, row in pasted.rows for one in row if one is not None]
    room = min(max(map(len, words)) * LETTER + 8, WIDTH / 3)
    begins, ends = (room if low < 0 else 0), WIDTH - (room if high > 0 or low == high else 0)
    width = float(high - low) or 1

    def x(number: Decimal) -> float:
        return round(begins + (ends - begins) * (float(number) - float(low)) / width, 1)

    drawing.zero = x(Decimal(0))
    y = 0.0
    for label, row in pasted.rows:
        drawing.texts.append(Text(0, y + 13, cut(label, WIDTH // LETTER)))
        y += LABEL
        for place, number in enumerate(row, 1):
            if number is not None:
                one, other = sorted((drawing.zero, x(number)))
                drawing.bars.append(Bar(one, y, round(max(other - one, 1), 1), place))
                beside = Text(one - 5, y + 11, shown(number, pasted.unit), "end")
                if number >= 0:
                    beside = Text(other + 5, y + 11, beside.words)
                drawing.texts.append(beside)
            y += BAR + 3
        y += GAP
    return drawing


def span(pasted: Pasted) -> tuple[Decimal, Decimal]:
    numbers = [one for _, row in pasted.rows for one in row if one is not None]
    return min(numbers), max(numbers)


def ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """About five round numbers, the first at or below the lowest, the last at or above the
    highest."""
    if low == high:
        low, high = low - 1, high + 1
    rough = (high - low) / 4
    power = Decimal(10) ** rough.adjusted()
    step = next(one * power for one in STEPS if one * power >= rough)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    return [step * place for place in range(first, last + 1)]


def runs(points: Sequence[Decimal | None]) -> Iterator[list[tuple[int, Decimal]]]:
    """Where a number is missing, the line breaks."""
    run: list[tuple[int, Decimal]] = []
    for place, number in enumerate([*points, None]):
        if number is not None:
            run.append((place, number))
        elif run:
            yield run
            run = []


def cut(label: str, most: int) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
