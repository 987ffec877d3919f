"""What became of an issue, in numbers of readers: each measure is worked out here, for the report's
page, its spreadsheet and its charts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate

from subscriptions.models import Batch, Consent, DeliveryFailure, IssueLink, Mailing, Subscription
from subscriptions.models.batch import Cardinality
from subscriptions.readers.due import sunset

COMPARED = 8  # issues, this one included
LEAVES_COUNT = timedelta(days=7)  # who leaves within it, leaves because of the issue
Kind = DeliveryFailure.Kind


def with_numbers() -> Any:
    """Frozen mailings with what became of each, one query for all of them."""

    def of(rows: Any, what: Any, by: str = "mailing") -> Any:
        grouped = rows.order_by().values(by).annotate(found=what).values("found")
        return Coalesce(Subquery(grouped, output_field=IntegerField()), 0)

    batches = Batch.objects.filter(mailing=OuterRef("pk"))
    failures = DeliveryFailure.objects.filter(mailing=OuterRef("pk"))
    links = IssueLink.objects.filter(mailing=OuterRef("pk"))
    left = Subscription.objects.filter(
        newsletter=OuterRef("newsletter"),
        status=Subscription.Status.UNSUBSCRIBED,
        unsubscribed_on__gte=OuterRef("frozen_on"),
        unsubscribed_on__lt=OuterRef("frozen_on") + LEAVES_COUNT,
    )
    # Who fell silent was not put off by an issue.
    silent = Consent.objects.filter(
        subscription=OuterRef("pk"), how=sunset.HOW_ENDED, on=OuterRef("unsubscribed_on")
    )
    left = left.filter(~Exists(silent))
    accepted = batches.filter(status=Batch.Status.ACCEPTED)
    frozen = Mailing.objects.filter(frozen_at__isnull=False)
    return frozen.annotate(frozen_on=TruncDate("frozen_at")).annotate(
        accepted=of(accepted, Sum(F("size") - Cardinality("excluded_ids"))),
        excluded=of(accepted, Sum(Cardinality("excluded_ids"))),
        given_up=of(batches.filter(status=Batch.Status.REJECTED), Sum("size")),
        open=of(batches.filter(status__in=Batch.OPEN), Sum("size")),
        cancelled=of(batches.filter(status=Batch.Status.CANCELLED), Sum("size")),
        refused=of(failures.filter(kind=Kind.REFUSED), Count("pk")),
        bounced=of(failures.filter(kind=Kind.BOUNCED), Count("pk")),
        soft=of(failures.filter(kind=Kind.SOFT), Count("pk")),
        because_of_us=of(failures.filter(kind=Kind.US), Count("pk")),
        complained=of(failures.filter(kind=Kind.COMPLAINED), Count("pk")),
        clicks=of(links, Sum(CountOfClicks("clicks"))),
        unsubscribed=of(left, Count("pk"), by="newsletter"),
    )


class CountOfClicks(Cardinality):
    """The sum of an array of numbers."""

    template = "(SELECT coalesce(sum(n), 0) FROM unnest(%(expressions)s) AS n)"


@dataclass(frozen=True)
class Measure:
    """One number about a mailing, as it is named and worked out everywhere; and of what it is a
    part, another of its numbers: then there is a rate per 100 of them."""

    name: str
    of: Callable[[Any], float]
    part_of: str = ""
    digits: int = 0

    def shown(self, mailing: Any) -> str:
        return f"{self.of(mailing):,.{self.digits}f}"

    def per_100(self, mailing: Any) -> float | None:
        """None where there is no such rate: of nothing, and of what is no part."""
        whole = getattr(mailing, self.part_of) if self.part_of else 0
        return 100 * self.of(mailing) / whole if whole else None


MEASURES = [
    Measure("Audience", lambda m: m.audience or 0),
    Measure("Accepted", lambda m: m.accepted, "audience"),
    Measure("Left before it was sent", lambda m: m.excluded, "audience"),
    Measure("Refused", lambda m: m.refused, "audience"),
    Measure("Bounced", lambda m: m.bounced, "accepted"),
    Measure("Mailbox full, or away", lambda m: m.soft, "accepted"),
    Measure("Refused because of us", lambda m: m.because_of_us, "audience"),
    Measure("Complained", lambda m: m.complained, "accepted"),
    Measure("Unsubscribed within a week", lambda m: m.unsubscribed, "accepted"),
    Measure("Clicks", lambda m: m.clicks, "accepted"),
    Measure(
        "Minutes to send",
        lambda m: (m.finished_at - m.frozen_at).total_seconds() / 60 if m.finished_at else 0.0,
        digits=1,
    ),
]
# Who is in the audience besides; with these its numbers add up. Shown where there is somebody.
OTHERS = [
    Measure("Not taken, or given up", lambda m: m.given_up, "audience"),
    Measure("Not settled yet", lambda m: m.open, "audience"),
    Measure("Cancelled", lambda m: m.cancelled, "audience"),
]


def rate(name: str, number: str) -> Measure:
    """What a chart compares: as many of a 100 mails."""
    return Measure(
        f"{name} per 100 mails",
        lambda m: 100 * getattr(m, number) / m.accepted if m.accepted else 0.0,
        digits=2,
    )


CHARTS = [
    Measure("Audience", lambda m: m.audience or 0),
    rate("Clicks", "clicks"),
    rate("Unsubscribed", "unsubscribed"),
    rate("Bounced", "bounced"),
    rate("Complained", "complained"),
]


def measures(mailing: Any) -> list[Measure]:
    """Those that say something about this one: the audience and its parts, then what came back."""
    others = [measure for measure in OTHERS if measure.of(mailing)]
    return [*MEASURES[:3], *others, *MEASURES[3:]]


@dataclass(frozen=True)
class Bar:
    x: int
    height: float
    label: str
    day: str
    now: bool

    @property
    def y(self) -> float:
        return 64 - self.height

    @property
    def label_y(self) -> float:
        return self.y - 3


def chart(measure: Measure, mailings: list[Any], this: Mailing) -> dict[str, Any]:
    """Bars of the last issues, the oldest first, for a drawing of 240 by 80."""
    values = [measure.of(mailing) for mailing in mailings]
    most = max(values) or 1
    bars = [
        Bar(
            x=30 * place,
            height=round(48 * value / most, 1),
            label=measure.shown(mailing),
            day=f"{mailing.issue.issue_on:%-d.%-m.}",
            now=mailing.pk == this.pk,
        )
        for place, (mailing, value) in enumerate(zip(mailings, values, strict=True))
    ]
    return {"name": measure.name, "bars": bars}


def report_of(mailing: Any) -> dict[str, Any]:
    """Everything that the report shows of a mailing with numbers."""
    before = Q(newsletter=mailing.newsletter_id, frozen_at__lte=mailing.frozen_at)
    compared = with_numbers().filter(before).select_related("issue")
    mailings = list(reversed(compared.order_by("-frozen_at")[:COMPARED]))
    links = sorted(mailing.links.all(), key=lambda link: -link.total)
    sections: dict[str, int] = {}
    for link in links:
        link.per_100 = 100 * link.total / mailing.accepted if mailing.accepted else None
        if link.section:
            sections[link.section] = sections.get(link.section, 0) + link.total
    return {
        "mailing": mailing,
        "numbers": [(m.name, m.shown(mailing), m.per_100(mailing)) for m in measures(mailing)],
        "charts": [chart(measure, mailings, mailing) for measure in CHARTS],
        "compared": len(mailings),
        "links": links,
        "most": max((link.total for link in links), default=0) or 1,
        "sections": sorted(sections.items(), key=lambda row: -row[1]),
    }
