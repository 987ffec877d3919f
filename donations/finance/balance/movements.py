"""Finance's journal: each day on which money came or went back; months and their totals."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn

from donations.finance.common import totals
from donations.finance.common.access import DonorColumn
from donations.finance.common.paging import LongIndex
from donations.models import Appeal, Movement
from donations.models.asking.amounts import CHARGED


class MovementFilters(WagtailFilterSet):
    at = django_filters.DateFromToRangeFilter(label="Date", widget=DateRangePickerWidget)
    kind = django_filters.MultipleChoiceFilter(choices=Movement.Kind.choices)
    currency = django_filters.ChoiceFilter(
        field_name="contribution__currency",
        choices=totals.codes("currency"),
    )
    frequency = django_filters.MultipleChoiceFilter(
        field_name="contribution__frequency", choices=CHARGED
    )
    appeal = django_filters.ModelChoiceFilter(
        field_name="contribution__appeal", queryset=Appeal.objects.all()
    )

    class Meta:
        model = Movement
        fields = ["at", "kind", "currency", "frequency", "appeal"]


COLUMNS = [
    TitleColumn(
        "amount",
        label="Amount",
        classname="amount",
        accessor="shown_amount",
        get_url=lambda row: reverse("contributions:inspect", args=[row.contribution_id]),
    ),
    Column("kind", label="What", accessor="get_kind_display"),
    Column("at", label="Date", sort_key="at"),
    DonorColumn("donor", label="Donor", accessor="contribution"),
    Column("receipt", label="Receipt", accessor="contribution.receipt_number"),
]

# Attribute -> heading in the spreadsheet. An amount that went back is below zero.
EXPORT = {
    "at": "Date",
    "get_kind_display": "What",
    "contribution.currency": "Currency",
    "exact_amount": "Amount",
    "contribution.pk": "Contribution",
    "contribution.get_frequency_display": "Frequency",
    "contribution.appeal": "Appeal",
    "contribution.donor_id": "Donor’s number",
    "contribution.donor_name": "Donor",
    "contribution.receipt_number": "Receipt",
    "contribution.stripe_payment_intent": "Stripe payment",
    "source": "Stripe source",
}


class MovementIndex(LongIndex):
    default_ordering = "-at"

    names = {"contribution.donor_name"}

    def get_base_queryset(self) -> QuerySet[Movement]:
        return Movement.objects.select_related(
            *(f"contribution__{name}" for name in ("donor", "appeal", "checkout", "receipt"))
        )

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The list, and above it the months of whatever the filters left."""
        context = super().get_context_data(*args, **kwargs)
        found = self.filter_queryset(Movement.objects.all())
        rows = totals.in_time(found.by_month)
        context["months"] = None if rows is None else [totals.in_words(row) for row in rows]
        return context
