"""What each variant of an experiment has brought, and what can be said of it by now.

Variants are drawn for equal shares of readers, so what is compared is how many of each share gave,
not how many of those times that one was shown. For a banner is shown more seldom than a box, and
who said “later” is shown nothing for a while; neither may make a variant look better. “1,000 times”
is therefore of all that were shown in the experiment, divided by those shares.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from donations.asking import times_shown
from donations.asking.deciding import shuffled
from donations.asking.experiments.comparing import (
    Answer,
    Comparison,
    Shares,
    compare,
    pairs_needed,
)
from donations.models import Contribution, DeferralCount, Experiment, Variant
from donations.models.asking.deferral_count import Outcome

DAY = 24 * 3600  # seconds


@dataclass(frozen=True)
class Line:
    """One variant's numbers; ``weighed``: what is compared."""

    variant: Variant
    shown: int
    continued: int
    gave: int
    deferred: int
    came_back: int
    weighed: Shares
    comparison: Comparison | None = None  # with the first

    @property
    def per_thousand(self) -> float:
        return self.weighed.rate * 1000

    @property
    def gifts(self) -> int:
        return self.gave + self.came_back

    @property
    def interval(self) -> str:
        found = self.comparison
        if found is None or not found.is_bounded:
            return ""
        return f"{found.low * 1000:+.2f} to {found.high * 1000:+.2f}".replace("-", "−")

    @property
    def answer(self) -> str:
        return words(self.variant.letter, self.comparison) if self.comparison else ""


@dataclass(frozen=True)
class Results:
    lines: list[Line]
    days_left: int | None  # until “no difference” could be said, at most; None: who knows

    @property
    def is_over(self) -> bool:
        """Is there an answer to each?"""
        found = [one.comparison.answer for one in self.lines if one.comparison]
        return bool(found) and Answer.OPEN not in found

    @property
    def shown(self) -> int:
        return sum(one.shown for one in self.lines)


def words(letter: str, found: Comparison) -> str:
    low, high = found.low * 1000, found.high * 1000
    match found.answer:
        case Answer.MORE:
            return (
                f"{letter} brings more: between {low:.2f} and {high:.2f} more gifts of each 1,000 "
                "times shown."
            )
        case Answer.LESS:
            return (
                f"{letter} brings less: between {-high:.2f} and {-low:.2f} fewer gifts of each "
                "1,000 times shown."
            )
        case Answer.SAME:
            return f"No difference that matters between A and {letter}."
    return f"Go on with {letter}: nothing can be said yet."


def results_of(experiment: Experiment, now: datetime) -> Results:
    """As of now: of gifts that are on their way, those that have arrived."""
    variants = experiment.drawn()
    ids = [one.pk for one in variants]
    shown = times_shown.of_variants(ids, now)
    continued = times_shown.continued_of(ids)
    gave = dict(
        Contribution.objects.filter(checkout__variant__in=ids, status__in=Contribution.ARRIVED)
        .order_by()
        .values_list("checkout__variant")
        .annotate(Count("checkout", distinct=True))  # what recurs is one
    )
    deferred = _counted(ids, Outcome.COOKIE, Outcome.ASKED)
    came_back = _counted(ids, Outcome.GAVE, Outcome.EARLY)
    shares = weighed(
        experiment.pk,
        sum(shown.values()),
        [gave.get(pk, 0) + came_back.get(pk, 0) for pk in ids],
    )
    matters, others = experiment.matters / 1000, max(len(ids) - 1, 1)
    lines = [
        Line(
            variant,
            shown[variant.pk],
            continued.get(variant.pk, 0),
            gave.get(variant.pk, 0),
            deferred.get(variant.pk, 0),
            came_back.get(variant.pk, 0),
            share,
            compare(shares[0], share, matters, others) if number else None,
        )
        for number, (variant, share) in enumerate(zip(variants, shares, strict=True))
    ]
    needed = max((pairs_needed(shares[0], one, matters, others) for one in shares[1:]), default=0)
    return Results(lines, _days_left(experiment, shares, needed, now))


def _counted(variants: list[int], *outcomes: str) -> dict[int, int]:
    rows = DeferralCount.objects.filter(variant__in=variants, outcome__in=outcomes)
    return dict(rows.values_list("variant").annotate(Sum("number")))


def weighed(experiment: int, shown: int, gifts: list[int]) -> list[Shares]:
    """Of all times shown, each variant's share by how many of a hundred buckets it has."""
    many = len(gifts)
    sizes = [0] * many
    for bucket in shuffled(experiment):
        sizes[bucket * many // 100] += 1
    return [
        Shares(max(round(shown * size / 100), gave), gave)
        for size, gave in zip(sizes, gifts, strict=True)
    ]


def _days_left(
    experiment: Experiment, shares: list[Shares], needed: int, now: datetime
) -> int | None:
    """At the pace so far, of a day at least."""
    if not experiment.runs or experiment.begun_at is None or not needed:
        return None
    seconds = (now - experiment.begun_at).total_seconds()
    pairs = min(one.shown for one in shares)
    if seconds < DAY or not pairs:
        return None
    return max(round((needed - pairs) / pairs * seconds / DAY), 0)
