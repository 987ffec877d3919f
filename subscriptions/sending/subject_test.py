"""Which of an issue's subjects made more readers click, and whether that means anything.

Clicks per delivered mail, never opens: those would take a pixel, and mail programs fake them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum

from subscriptions.models import Batch, IssueLink, Mailing
from subscriptions.models.batch import Cardinality
from subscriptions.sending import freezing

RAREST = 1e-6  # how rare a gap is said to be at most
SURE = 0.05  # a gap that chance makes more often than this is no difference
# Clicks come in clusters, as who follows one link tends to follow another: their variance is some
# multiple of a Poisson count's. We count nobody, so we can't measure it, and take a cautious one.
CLUSTERED = 2.0


@dataclass(frozen=True)
class VariantResult:
    """How a subject did in the sample."""

    subject: str
    delivered: int
    clicks: int

    @property
    def per_100(self) -> float:
        return 100 * self.clicks / self.delivered if self.delivered else 0.0


@dataclass(frozen=True)
class Verdict:
    place: int  # of the subject for the rest
    differs: bool
    words: str


def results(mailing: Mailing) -> list[VariantResult]:
    delivered = {
        row["variant"]: row["readers"]
        for row in mailing.batches.filter(status=Batch.Status.ACCEPTED, variant__isnull=False)
        .values("variant")
        .annotate(readers=Sum(F("size") - Cardinality("excluded_ids")))
    }
    counts = list(IssueLink.objects.filter(mailing=mailing).values_list("clicks", flat=True))
    return [
        VariantResult(
            subject, delivered.get(variant, 0), sum(clicks[variant + 1] for clicks in counts)
        )
        for variant, subject in enumerate(mailing.subjects)
    ]


def verdict(found: Sequence[VariantResult]) -> Verdict:
    """The best subject if the gap is more than chance, else the first, which is the editor's."""
    best = max(range(len(found)), key=lambda place: found[place].per_100)
    chance = chance_of(found)
    if chance >= SURE:
        return Verdict(0, False, "No difference: chance alone makes gaps like this one.")
    winner = found[best]
    others = max(one.per_100 for place, one in enumerate(found) if place != best)
    often = max(int(1 / max(chance, RAREST)), 20)
    return Verdict(
        best,
        True,
        f"{winner.per_100:.1f} clicks per 100 mails; the next best had {others:.1f}. Chance alone "
        f"makes a gap like this in fewer than 1 of {often:,} tests.",
    )


def chance_of(found: Sequence[VariantResult]) -> float:
    """How likely chance alone makes such different numbers: a chi-squared test of equal rates,
    cautious about clusters. 1 when there is nothing to compare."""
    delivered, clicks = sum(s.delivered for s in found), sum(s.clicks for s in found)
    if not clicks or any(not result.delivered for result in found):
        return 1.0
    squared = sum(
        (s.clicks - clicks * s.delivered / delivered) ** 2 / (clicks * s.delivered / delivered)
        for s in found
    )
    return chi_squared_tail(squared / CLUSTERED, len(found) - 1)


def chi_squared_tail(x: float, degrees: int) -> float:
    """P(X > x) for one to three degrees of freedom: up to four subjects."""
    one = math.erfc(math.sqrt(x / 2))
    match degrees:
        case 1:
            return one
        case 2:
            return math.exp(-x / 2)
        case 3:
            return one + math.sqrt(2 * x / math.pi) * math.exp(-x / 2)
    raise ValueError(degrees)


def decide_due(now: datetime) -> None:
    """End the tests whose time is over."""
    due = Mailing.objects.filter(status=Mailing.Status.SENDING, chosen=None, rest_at__lte=now)
    for mailing in due.exclude(subjects=[]):
        found = verdict(results(mailing))
        freezing.choose_subject(mailing, found.place, found.words, now)
