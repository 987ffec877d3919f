"""Giving something back: how much and why, and once more before it is done."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from wagtail.admin.auth import require_admin_access

from donations import money
from donations.currencies import DECIMALS
from donations.finance import refunds
from donations.finance.common.access import DECIDE
from donations.finance.common.saying import say
from donations.models import Contribution, Refund
from newsroom.staff.gate import needs_fresh_proof


class RefundForm(forms.Form):
    """How much and why; and, once it was confirmed, what was left to give back then."""

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    confirmed = forms.IntegerField(required=False, widget=forms.HiddenInput)
    amount = forms.CharField(max_length=40)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        error_messages={"required": "Please say why: it is kept with the contribution."},
    )

    def __init__(self, data: Any, contribution: Contribution) -> None:
        left = money.plain(refunds.most(contribution), contribution.currency)
        super().__init__(data, initial={"amount": left, "form_id": uuid4()})
        self.contribution = contribution
        self.readings: Sequence[int] = ()  # what the amount may mean

    def clean_amount(self) -> int:
        """Finance may give back less than anybody may give."""
        try:
            return money.parse(
                self.cleaned_data["amount"], self.contribution.currency, any_size=True
            )
        except money.BadAmount as error:
            self.readings = error.choices
            raise forms.ValidationError(str(error)) from error


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@needs_fresh_proof
def refund(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks how much and why; a POST shows it once more; the POST of that page does it, or
    leaves it for a second person. What was typed stays in the form when it is refused."""
    contribution = get_object_or_404(Contribution, pk=pk)
    back = redirect(reverse("contributions:inspect", args=[pk]))
    form = RefundForm(request.POST if request.method == "POST" else None, contribution)
    valid, asked = form.is_valid(), form.cleaned_data if form.is_valid() else {}
    wanted = valid and "back" not in request.POST
    confirmed = wanted and asked["confirmed"] is not None
    if confirmed and give_back(request, contribution, asked):
        return back
    left = refunds.most(contribution)
    if confirmed:
        form = RefundForm(request.POST.dict() | {"form_id": uuid4()}, contribution)
    elif not left or contribution.currency not in DECIMALS:
        messages.error(request, "Nothing of this contribution can be given back here.")
        return back
    refused = confirmed or (
        wanted and not say(request, lambda: refunds.check(contribution, asked["amount"]))
    )
    context = {
        "form": form,
        "contribution": contribution,
        "left": left,
        "most": money.plain(left, contribution.currency),
        "two": refunds.needs_second(contribution, asked.get("amount", left), request.user),
    }
    if wanted and not refused:
        context |= asked | {"rest": left - asked["amount"]}
        return render(request, "donations/finance/refund_confirm.html", context)
    status = 409 if refused else 400 if form.errors else 200
    return render(request, "donations/finance/refund.html", context, status=status)


def give_back(request: HttpRequest, contribution: Contribution, asked: dict[str, Any]) -> bool:
    """Was it taken? If not, why not is said."""
    made = say(
        request,
        lambda: refunds.ask(
            contribution,
            asked["amount"],
            asked["reason"],
            request.user,
            form_id=asked["form_id"],
            left=asked["confirmed"],
        ),
    )
    if made and made.status == Refund.Status.WAITING:
        messages.success(request, "It waits for a second person, under “Review”.")
    elif made and made.status == Refund.Status.DECLINED:
        messages.error(request, "It was declined.")
    elif made:
        messages.success(request, f"{money.show(made.amount, contribution.currency)} given back.")
    return made is not None
