"""Addresses that get no mail: how many and why, one looked up, one lifted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from newsroom.core.privacy import list_index
from newsroom.mail.addresses import AddressField
from newsroom.models import Suppression, SuppressionLift
from newsroom.staff.gate import needs_fresh_proof
from subscriptions.desk.access import NewslettersPage
from subscriptions.desk.readers.forms import WhyForm
from subscriptions.models import DeliveryFailure, Subscription

LATEST = 20


class AddressForm(forms.Form):
    """One address, whole: there is no list to browse in."""

    email = AddressField(max_length=254, label="E-mail address")


class LiftForm(AddressForm, WhyForm):
    field_order = ["email", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = "Why may we write to it again?"


class Suppressions(NewslettersPage):
    template_name = "subscriptions/desk/suppressions.html"
    page_title = "Suppressed addresses"
    header_icon = "circle-xmark"
    permission_required = "newsroom.lift_suppression"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "reasons": Suppression.by_reason(),
            "newest": Suppression.objects.aggregate(day=Max("since"))["day"],
            "lifts": SuppressionLift.objects.all()[:LATEST],
            "form": kwargs.get("form") or AddressForm(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """An address is never in a URL: both forms post, and looking up changes nothing."""
        form = LiftForm(request.POST) if "lift" in request.POST else AddressForm(request.POST)
        if not form.is_valid():
            return self.found(form, status=422)
        if isinstance(form, LiftForm):
            return needs_fresh_proof(self.lift)(request, form)
        return self.found(form)

    def found(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page, with what is known of the address."""
        email = form.cleaned_data.get("email")
        known: dict[str, Any] = {}
        if email:
            index = list_index(email)
            lists = Subscription.objects.filter(subscriber__email_index=index)
            known = {
                "email": email,
                "suppression": Suppression.of(index),
                "subscriptions": lists.select_related("newsletter"),
                "lift_form": form if isinstance(form, LiftForm) else LiftForm(),
            }
        return self.render_to_response(
            self.get_context_data(form=form) | {"known": known}, status=status
        )

    def lift(self, request: HttpRequest, form: LiftForm) -> HttpResponse:
        index = list_index(form.cleaned_data["email"])
        suppression = Suppression.of(index)
        if suppression and suppression.lift(form.cleaned_data["why"], by=request.user):
            DeliveryFailure.objects.outlived(index)
            messages.success(
                request,
                "Lifted. Lists that it is on reach it again; one that it has left, it has left.",
            )
        else:
            messages.error(request, "That address is not suppressed, or no longer so.")
        return redirect("suppressions")
