"""What became of an issue: a page, and the same as CSV. Numbers of readers, never who."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from newsroom.web import exports
from subscriptions.desk.views import active_mailing, issue_for
from subscriptions.models import (
    Batch,
    DeliveryFailure,
    IssueLink,
    IssuePage,
    Mailing,
    Subscription,
)
from subscriptions.models.batch import Cardinality

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
    """One number about a mailing, as it is named and worked out everywhere."""

    name: str
    of: Callable[[Any], float]
    digits: int = 0


def per(number: str, many: int) -> Callable[[Any], float]:
    return lambda m: many * getattr(m, number) / m.accepted if m.accepted else 0.0


MEASURES = [
    Measure("Audience", lambda m: m.audience or 0),
    Measure("Accepted", lambda m: m.accepted),
    Measure("Left before it was sent", lambda m: m.excluded),
    Measure("Refused", lambda m: m.refused),
    Measure("Bounced", lambda m: m.bounced),
    Measure("Mailbox full, or away", lambda m: m.soft),
    Measure("Refused because of us", lambda m: m.because_of_us),
    Measure("Complained", lambda m: m.complained),
    Measure("Unsubscribed within a week", lambda m: m.unsubscribed),
    Measure("Clicks", lambda m: m.clicks),
    Measure(
        "Minutes to send",
        lambda m: (m.finished_at - m.frozen_at).total_seconds() / 60 if m.finished_at else 0.0,
        1,
    ),
]
# Who is in the audience besides; with these its numbers add up. Shown where there is somebody.
OTHERS = [
    Measure("Not taken, or given up", lambda m: m.given_up),
    Measure("Not settled yet", lambda m: m.open),
    Measure("Cancelled", lambda m: m.cancelled),
]
CHARTS = [
    Measure("Audience", lambda m: m.audience or 0),
    Measure("Clicks per 100 mails", per("clicks", 100), 1),
    Measure("Unsubscribed per 1,000", per("unsubscribed", 1000), 1),
    Measure("Bounced per 1,000", per("bounced", 1000), 1),
    Measure("Complained per 1,000", per("complained", 1000), 2),
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
            label=f"{value:,.{measure.digits}f}",
            day=f"{mailing.issue.issue_on:%-d.%-m.}",
            now=mailing.pk == this.pk,
        )
        for place, (mailing, value) in enumerate(zip(mailings, values, strict=True))
    ]
    return {"name": measure.name, "bars": bars}


class IssueReport(WagtailAdminTemplateMixin, TemplateView):
    template_name = "subscriptions/desk/report.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.issue, self.mailing = reported(request, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return f"Report: {self.issue.title}"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("newsletters"), "label": "Newsletters"},
            {"url": reverse("issue_desk", args=[self.issue.pk]), "label": self.issue.title},
            {"url": "", "label": "Report"},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.mailing
        before = Q(newsletter=mailing.newsletter_id, frozen_at__lte=mailing.frozen_at)
        compared = with_numbers().filter(before).select_related("issue")
        newest_first = compared.order_by("-frozen_at")[:COMPARED]
        mailings = list(reversed(newest_first))
        links = sorted(mailing.links.all(), key=lambda link: -link.total)
        sections: dict[str, int] = {}
        for link in links:
            if link.section:
                sections[link.section] = sections.get(link.section, 0) + link.total
        return super().get_context_data(**kwargs) | {
            "issue": self.issue,
            "mailing": mailing,
            "numbers": [(m.name, f"{m.of(mailing):,.{m.digits}f}") for m in measures(mailing)],
            "charts": [chart(measure, mailings, mailing) for measure in CHARTS],
            "compared": len(mailings),
            "links": links,
            "most": max((link.total for link in links), default=0) or 1,
            "sections": sorted(sections.items(), key=lambda row: -row[1]),
        }


def reported(request: HttpRequest, pk: int) -> tuple[IssuePage, Any]:
    """The issue and its mailing with numbers. Raises Http404 before the freeze."""
    issue = issue_for(request, pk)
    if not request.user.has_perm("subscriptions.view_mailing"):
        raise PermissionDenied
    mailing = active_mailing(issue)
    found = mailing and with_numbers().filter(pk=mailing.pk).first()
    if not found:
        raise Http404
    return issue, found


@require_admin_access
@require_safe
def as_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The numbers, then a row for each link."""
    issue, mailing = reported(request, pk)
    return exports.csv_response(rows_of(issue, mailing), f"report-{issue.slug}")


def rows_of(issue: IssuePage, mailing: Any) -> Iterator[list[object]]:
    yield ["issue", issue.title]
    for measure in measures(mailing):
        yield [measure.name, Decimal(f"{measure.of(mailing):.{measure.digits}f}")]
    yield []
    yield ["section", "link", "address", "clicks"]
    for link in mailing.links.order_by("number"):
        yield [link.section, link.label, link.url, link.total]
