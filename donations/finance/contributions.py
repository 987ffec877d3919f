"""Finance's view of the contributions: read, filter, add up, export. Nothing here writes."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic

from donations.finance import refunds
from donations.finance.ledger import LedgerIndex, currencies, in_words
from donations.models import Appeal, Contribution, Movement
from donations.models.asking.amounts import CHARGED


class ContributionFilters(WagtailFilterSet):
    status = django_filters.MultipleChoiceFilter(choices=Contribution.Status.choices)
    frequency = django_filters.MultipleChoiceFilter(choices=CHARGED)
    currency = django_filters.ChoiceFilter(choices=currencies)
    appeal = django_filters.ModelChoiceFilter(queryset=Appeal.objects.all())
    created_at = django_filters.DateFromToRangeFilter(
        label="Date", widget=DateRangePickerWidget, method="that_moved"
    )

    class Meta:
        model = Contribution
        fields = ["status", "frequency", "currency", "appeal", "created_at"]

    def that_moved(self, found: QuerySet[Contribution], name: str, time: slice) -> Any:
        """Whose money came or went back in that time; or which began then and never arrived."""
        moved = Movement.objects.within(time).filter(contribution=OuterRef("pk"))
        begun = {"created_at__gte": time.start, "created_at__lte": time.stop}
        known = {lookup: end for lookup, end in begun.items() if end}
        return found.filter(Exists(moved) | Q(received_at=None, **known))

    @property
    def time(self) -> slice | None:
        return self.form.cleaned_data.get("created_at") if self.is_valid() else None


COLUMNS = [
    TitleColumn(
        "amount",
        label="Amount",
        accessor="shown_amount",
        get_url=lambda row: reverse("contributions:inspect", args=[row.pk]),
        sort_key="amount",
    ),
    Column("frequency", label="Frequency", accessor="get_frequency_display", sort_key="frequency"),
    Column("status", label="Status", accessor="get_status_display", sort_key="status"),
    Column("returned", label="Returned", accessor="shown_returned", sort_key="returned"),
    Column("created_at", label="Begun", sort_key="created_at"),
    Column("received_at", label="Received", sort_key="received_at"),
    Column("donor", label="Donor", accessor="donor_name"),
    Column("appeal", label="Appeal", accessor="appeal"),
    Column("payment_method", label="Paid with", accessor="payment_method"),
]

# Attribute -> heading in the spreadsheet.
EXPORT = {
    "pk": "Number",
    "created_at": "Date",
    "received_at": "Received",
    "get_status_display": "Status",
    "get_frequency_display": "Frequency",
    "currency": "Currency",
    "exact_amount": "Amount",
    "exact_returned": "Returned",
    "exact_left": "Kept",
    "donor_name": "Donor",
    "donor_email": "E-mail",
    "appeal": "Appeal",
    "payment_method": "Paid with",
    "receipt_number": "Receipt",
    "stripe_payment_intent": "Stripe payment",
    "stripe_charge": "Stripe charge",
    "stripe_invoice": "Stripe invoice",
}


class ContributionIndex(LedgerIndex):
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[Contribution]:
        return Contribution.objects.select_related(
            "donor", "appeal", "checkout", "receipt", "offline"
        )

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The list, and above it the totals of whatever the filters left, in the time they left."""
        context = super().get_context_data(*args, **kwargs)
        found = self.filter_queryset(Contribution.objects.order_by())
        moved = Movement.objects.filter(contribution__in=found).within(self.filters.time)
        context["totals"] = [in_words(row) for row in moved.totals()]
        context["time"] = self.filters.time
        return context


class ContributionPage(generic.InspectView):
    page_title = "Contribution"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        contribution: Contribution = self.object
        links = [
            ("Payment", "payments", contribution.stripe_payment_intent),
            ("Invoice", "invoices", contribution.stripe_invoice),
        ]
        if contribution.recurring:
            links += [
                ("Subscription", "subscriptions", contribution.recurring.stripe_subscription),
                ("Customer", "customers", contribution.recurring.stripe_customer),
            ]
        context["contribution"] = contribution
        if hasattr(contribution, "offline"):
            facts = contribution.offline.about.items()
            context["gift_facts"] = [
                (name.replace("_", " ").capitalize(), value) for name, value in facts if value
            ]
        context["movements"] = contribution.movements.select_related("contribution")
        context["stripe_refunds"] = contribution.stripe_refunds.all()
        context["disputes"] = contribution.disputes.order_by("-created_at")
        context["refunds"] = contribution.refunds.select_related(
            "asked_by", "approved_by"
        ).order_by("pk")
        may_refund = self.request.user.has_perm("donations.decide_review")
        context["refundable"] = may_refund and refunds.most(contribution) > 0
        context["changes"] = contribution.changes.all()
        context["siblings"] = (
            contribution.recurring.contributions.exclude(pk=contribution.pk)[:24]
            if contribution.recurring
            else []
        )
        context["stripe_links"] = [
            (label, f"{settings.STRIPE_DASHBOARD}/{kind}/{pk}", pk)
            for label, kind, pk in links
            if pk
        ]
        return context
