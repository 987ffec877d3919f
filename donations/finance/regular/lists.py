"""Recurring contributions by how they go, and what comes of them until the month is over."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.ui.tables import Column, TitleColumn

from donations import money
from donations.finance.common.access import IDENTITIES
from donations.finance.common.paging import LongIndex
from donations.models import RecurringContribution
from newsroom.core import clock

Found = QuerySet[RecurringContribution]
GOES_WELL = ["active", "trialing"]
STATES: dict[str, tuple[str, Callable[[Found], Found]]] = {
    "active": (
        "Active",
        lambda found: found.filter(
            status__in=GOES_WELL, ended_at=None, cancels_at=None, paused=False
        ),
    ),
    "failing": (
        "Failing",
        lambda found: found.filter(status__in=["past_due", "unpaid"], ended_at=None),
    ),
    "paused": ("Paused", lambda found: found.filter(paused=True, ended_at=None)),
    "ending": ("Ending", lambda found: found.filter(cancels_at__isnull=False, ended_at=None)),
    "ended": ("Ended", lambda found: found.filter(ended_at__isnull=False)),
}


def expected(now: datetime) -> list[dict[str, Any]]:
    """Per currency: how many payments are still to come in this month, and what they take."""
    over = clock.begin_of(clock.month_of(timezone.localdate(now), 1))
    coming = RecurringContribution.objects.expected()
    coming = coming.filter(renews_at__gte=now, renews_at__lt=over)
    rows: Any = coming.order_by().values("currency").annotate(count=Count("pk"), sum=Sum("amount"))
    return [
        row | {"sum": money.show(row["sum"], row["currency"])} for row in rows.order_by("currency")
    ]


class DonorOf(Column):
    def get_cell_context_data(self, instance: Any, parent_context: Any) -> Any:
        context = super().get_cell_context_data(instance, parent_context)
        donor = instance.donor
        known = donor and parent_context["request"].user.has_perm(IDENTITIES)
        name = (donor.name or "no name") if known else str(donor or "not known")
        return context | {"value": name}


COLUMNS = [
    TitleColumn("what", label="What", accessor=str,
                get_url=lambda row: reverse("regular:inspect", args=[row.pk])),
    Column("status", label="Status"),
    DonorOf("donor", label="Donor"),
    Column("started_at", label="Since"),
    Column("renews_at", label="Next payment"),
    Column("cancels_at", label="Ends"),
    Column("ended_at", label="Ended"),
]  # fmt: skip


class RegularIndex(LongIndex):
    template_name = "donations/finance/regular/list.html"
    default_ordering = "-started_at"

    @property
    def state(self) -> str:
        asked = self.request.GET.get("state", "")
        return asked if asked in STATES else "active"

    def order_queryset(self, queryset: Any) -> Any:
        return queryset.order_by("-ended_at" if self.state == "ended" else "-started_at")

    def get_base_queryset(self) -> Found:
        found = RecurringContribution.objects.select_related("donor")
        return STATES[self.state][1](found)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(*args, **kwargs) | {
            "states": [(name, words) for name, (words, _) in STATES.items()],
            "state": self.state,
            "expected": expected(timezone.now()),
            "today": timezone.localdate(),
        }
