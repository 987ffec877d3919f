"""One contribution: what it is, what came of it, all that happened to it; and notes beside it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views import generic

from donations.finance import refunds, timeline
from donations.finance.common.access import DECIDE, IDENTITIES, WRITE_NOTES, who
from donations.models import Contribution, Dispute, GiftDocument, Note


class ContributionPage(generic.InspectView):
    page_title = "Contribution"

    def get_object(self, queryset: Any = None) -> Contribution:
        found = Contribution.objects.select_related(
            "donor", "recurring", "checkout", "appeal", "receipt", "offline"
        )
        return get_object_or_404(found, pk=self.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contribution: Contribution = self.object
        known = self.request.user.has_perm(IDENTITIES)
        may_refund = self.request.user.has_perm(DECIDE)
        of_same = contribution.recurring and contribution.recurring.contributions
        gift = getattr(contribution, "offline", None)
        facts = gift.about.items() if gift and known else ()
        return super().get_context_data(**kwargs) | {
            "contribution": contribution,
            "gift": gift,
            "document": known and gift and GiftDocument.objects.filter(gift=gift).first(),
            "gift_facts": [
                (name.replace("_", " ").capitalize(), value) for name, value in facts if value
            ],
            "who": who(contribution, self.request),
            "settled": timeline.settled(contribution),
            "timeline": timeline.of(contribution, identities=known),
            "reviews": contribution.reviews.order_by("opened_at"),
            "disputes": contribution.disputes.order_by("-created_at"),
            "refundable": may_refund and refunds.most(contribution) > 0,
            "siblings": of_same.exclude(pk=contribution.pk)[:24] if of_same else [],
            "stripe_links": [] if gift else stripe_links(contribution),
        }


def stripe_links(contribution: Contribution) -> list[tuple[str, str, str]]:
    links = [
        ("Payment", "payments", contribution.stripe_payment_intent),
        ("Invoice", "invoices", contribution.stripe_invoice),
    ]
    if recurring := contribution.recurring:
        links.append(("Subscription", "subscriptions", recurring.stripe_subscription))
        links.append(("Customer", "customers", recurring.stripe_customer))
    return [
        (label, f"{settings.STRIPE_DASHBOARD}/{kind}/{pk}", pk) for label, kind, pk in links if pk
    ]


class NoteForm(forms.Form):
    text = forms.CharField(max_length=2000)
    dispute = forms.ModelChoiceField(Dispute.objects.none(), required=False)

    def __init__(self, data: Any, contribution: Contribution) -> None:
        super().__init__(data)
        disputes: Any = self.fields["dispute"]
        disputes.queryset = contribution.disputes.all()


@require_admin_access
@permission_required(WRITE_NOTES, raise_exception=True)
@require_POST
def write_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Beside a contribution; or what answers a dispute of it."""
    contribution = get_object_or_404(Contribution, pk=pk)
    form = NoteForm(request.POST, contribution)
    if form.is_valid():
        user: Any = request.user
        Note.objects.create(contribution=contribution, by=user, **form.cleaned_data)
        messages.success(request, "Noted.")
    else:
        messages.error(request, "Please write the note first.")
    if form.is_valid() and form.cleaned_data["dispute"]:
        return redirect("disputes")
    return redirect("contributions:inspect", pk)
