"""Payouts, and one with all that Stripe lists as in it."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.urls import reverse
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic

from donations import money
from donations.finance.common.access import who
from donations.finance.common.paging import LongIndex, page
from donations.models import BalanceTransaction, Contribution, Payout, Review

ROWS = 50
ABOUT_PAYOUTS = [Review.Kind.PAYOUT, Review.Kind.PAYOUT_SUM, Review.Kind.NOT_IN_BANK]


COLUMNS = [
    TitleColumn(
        "amount",
        label="Amount",
        classname="amount",
        accessor=lambda row: money.signed(row.amount, row.currency),
        get_url=lambda row: reverse("payouts:inspect", args=[row.pk]),
    ),
    Column("status", label="Status"),
    Column("created_at", label="Begun"),
    Column("arrival_on", label="In the bank about"),
    Column("adds_up", label="Adds up"),
    Column("trace", label="The bank’s reference"),
    Column("failure", label="Why it came back"),
]


class PayoutIndex(LongIndex):
    default_ordering = "-created_at"


class PayoutPage(generic.InspectView):
    page_title = "Payout"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout: Payout = self.object
        within = BalanceTransaction.objects.filter(payout=payout).order_by("-created_at")
        rows = page(within.exclude(source=payout.pk), self.request.GET, ROWS)
        return super().get_context_data(**kwargs) | {
            "payout": payout,
            "amount": money.signed(payout.amount, payout.currency),
            "reviews": Review.objects.filter(kind__in=ABOUT_PAYOUTS, about=payout.pk),
            "kinds": [*self.kinds(payout)],
            "page": rows,
            "rows": list(self.rows(rows.rows)),
            "stripe": f"{settings.STRIPE_DASHBOARD}/payouts/{payout.pk}",
        }

    def kinds(self, payout: Payout) -> Any:
        """How much of it came and went as what."""
        moved = BalanceTransaction.objects.filter(payout=payout).exclude(source=payout.pk)
        sums = (
            moved.order_by()
            .values("category", "currency")
            .annotate(count=Count("pk"), amount=Sum("amount"), fee=Sum("fee"), net=Sum("net"))
        )
        for row in sums.order_by("-count"):
            words = {
                name: money.signed(row[name], row["currency"]) for name in ("amount", "fee", "net")
            }
            yield row | words

    def rows(self, moved: list[BalanceTransaction]) -> Any:
        """Each with the contribution that it is about."""
        charges = {row.charge for row in moved} - {""}
        found = Contribution.objects.filter(stripe_charge__in=charges)
        of_charge = {one.stripe_charge: one for one in found.select_related("donor", "checkout")}
        for row in moved:
            given = of_charge.get(row.charge)
            sums = [money.signed(one, row.currency) for one in (row.amount, row.fee, row.net)]
            yield row, sums, given, who(given, self.request) if given else ""
