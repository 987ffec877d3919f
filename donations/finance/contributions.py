"""Finance's view of the contributions: read, filter, add up, export. Nothing here writes."""

from collections.abc import Callable
from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn

from donations import money
from donations.finance.common import totals
from donations.finance.common.access import DonorColumn
from donations.finance.common.paging import LongIndex
from donations.models import Appeal, BalanceTransaction, Contribution
from donations.models.asking.amounts import CHARGED
from newsroom.core import clock

Status = Contribution.Status
Found = QuerySet[Contribution]
CHARGES = BalanceTransaction.objects.filter(source=F("charge"), amount__gt=0)
DEAR = CHARGES.filter(fee__gt=F("amount") / 10)  # by an index of their own
FEW = 10_000


def of_charges(found: Found, charges: QuerySet[BalanceTransaction]) -> Found:
    """The charges are looked up first, as they are few: PostgreSQL would rather go through all
    contributions."""
    one_of = Func(
        F("stripe_charge"),
        ArraySubquery(charges.order_by().values("charge")),
        arg_joiner=" = ANY(",
        template="%(expressions)s)",
        output_field=BooleanField(),
    )
    return found.exclude(stripe_charge="").filter(one_of)


def dear(found: Found) -> Found:
    """Where there are many, some are soon met on the way through the list."""
    many = DEAR.order_by().values("pk")[FEW : FEW + 1].exists()
    return (
        found.filter(stripe_charge__in=DEAR.values("charge")) if many else of_charges(found, DEAR)
    )


FEES: dict[str, tuple[str, Callable[[Found], Found]]] = {
    "covered": ("The donor covered it", lambda found: found.filter(checkout__fee__gt=0)),
    "dear": ("More than a tenth of it", dear),
}


class ContributionFilters(WagtailFilterSet):
    received_at = django_filters.DateFromToRangeFilter(
        label="Day received", widget=DateRangePickerWidget
    )
    status = django_filters.MultipleChoiceFilter(
        choices=Status.choices, widget=forms.CheckboxSelectMultiple, distinct=False
    )
    currency = django_filters.ChoiceFilter(choices=totals.codes("currency"))
    amount = django_filters.CharFilter(label="Amount, at least", method="at_least")
    most = django_filters.CharFilter(label="Amount, at most", method="at_most")
    frequency = django_filters.MultipleChoiceFilter(
        choices=CHARGED, widget=forms.CheckboxSelectMultiple, distinct=False
    )
    method = django_filters.ChoiceFilter(choices=totals.codes("method"), label="Paid by")
    country = django_filters.ChoiceFilter(
        choices=totals.codes("country"), label="Country of the card"
    )
    appeal = django_filters.ModelChoiceFilter(queryset=Appeal.objects.all())
    donor = django_filters.NumberFilter(label="Donor’s number", max_value=10**18)
    payout = django_filters.CharFilter(
        label="Payout", help_text="Stripe’s id of it; or “none”: in no payout yet.",
        method="in_payout",
    )  # fmt: skip
    fee = django_filters.ChoiceFilter(
        label="Fee", choices=[(name, words) for name, (words, _) in FEES.items()], method="with_fee"
    )

    class Meta:
        model = Contribution
        fields = ["received_at", "status"]

    def at_least(self, found: Found, name: str, typed: str) -> Found:
        return found.filter(self.amounts(typed, "gte"))

    def at_most(self, found: Found, name: str, typed: str) -> Found:
        return found.filter(self.amounts(typed, "lte"))

    def amounts(self, typed: str, lookup: str) -> Q:
        """As written, in each currency in which it can be read; none: nothing is found."""
        wanted, chosen = Q(pk__in=[]), self.form.cleaned_data.get("currency")
        for code in [chosen] if chosen else totals.different("currency"):
            try:
                amount = money.parse(typed, code, any_size=True)
            except money.BadAmount:
                continue
            wanted |= Q(currency=code, **{f"amount__{lookup}": amount})
        return wanted

    def in_payout(self, found: Found, name: str, payout: str) -> Found:
        wanted = None if payout.casefold() == "none" else payout
        return of_charges(found, CHARGES.filter(payout=wanted))

    def with_fee(self, found: Found, name: str, kind: str) -> Found:
        return FEES[kind][1](found)


COLUMNS = [
    TitleColumn(
        "amount",
        label="Amount",
        classname="amount",
        accessor="shown_amount",
        get_url=lambda row: reverse("contributions:inspect", args=[row.pk]),
        sort_key="amount",
    ),
    Column("status", label="Status", accessor="shown_status"),
    Column("created_at", label="Begun", sort_key="created_at"),
    Column("received_at", label="Received"),
    DonorColumn("donor", label="Donor", accessor=lambda row: row),
    Column("frequency", label="Frequency", accessor="get_frequency_display"),
    Column("payment_method", label="Paid with", accessor="payment_method"),
    Column("appeal", label="Appeal", accessor="appeal"),
    Column("returned", label="Returned", accessor="shown_returned"),
]

# Attribute -> heading in the spreadsheet.
EXPORT = {
    "pk": "Number",
    "created_at": "Date",
    "received_at": "Received",
    "shown_status": "Status",
    "get_frequency_display": "Frequency",
    "currency": "Currency",
    "exact_amount": "Amount",
    "exact_returned": "Returned",
    "exact_left": "Kept",
    "donor_id": "Donor’s number",
    "donor_name": "Donor",
    "donor_email": "E-mail",
    "appeal": "Appeal",
    "payment_method": "Paid with",
    "receipt_number": "Receipt",
    "stripe_payment_intent": "Stripe payment",
    "stripe_charge": "Stripe charge",
    "stripe_invoice": "Stripe invoice",
}


class ContributionIndex(LongIndex):
    template_name = "donations/finance/contributions.html"
    default_ordering = "-created_at"
    orders = {"amount": ("amount", "created_at"), "-amount": ("-amount", "-created_at")}

    names = {"donor_name", "donor_email"}

    def get_base_queryset(self) -> Found:
        beside = ("donor", "appeal", "checkout", "receipt", "offline")
        return Contribution.objects.select_related(*beside)

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        found = super().paginate_queryset(queryset, page_size)
        disputed = [row for row in self.page.rows if row.is_disputed]
        prefetch_related_objects(disputed, "disputes")
        return found

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The list, and above it the totals of whatever the filters left."""
        context = super().get_context_data(*args, **kwargs)
        found = self.filter_queryset(Contribution.objects.order_by())
        rows = totals.in_time(lambda: totals.of(found))
        return context | {
            "totals": None if rows is None else [totals.in_words(row) for row in rows],
            "views": saved_views(),
        }


def saved_views() -> list[tuple[str, str]]:
    """What finance looks for most: words, and the query of the list."""
    month = clock.month_of(timezone.localdate())
    return [
        ("This month", f"?received_at_from={month}"),
        ("Failed", f"?status={Status.FAILED}"),
        ("On its way", f"?status={Status.PROCESSING}"),
        ("Refunded", f"?status={Status.REFUNDED}&status={Status.PARTLY_REFUNDED}"),
        ("Disputed", f"?status={Status.DISPUTED}"),
        ("Not in a payout yet", "?payout=none"),
    ]
