"""One recurring contribution, and a change of it for its donor."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views import generic

from donations.finance.common.access import CHANGE_RECURRING, IDENTITIES
from donations.finance.regular import changing
from donations.finance.regular.changing import What
from donations.giving import recurring_changes
from donations.giving.recurring_changes import RecurringChangeForm
from donations.models import RecurringContribution
from newsroom.staff.gate import needs_fresh_proof


class RegularPage(generic.InspectView):
    page_title = "Recurring contribution"

    def get_object(self, queryset: Any = None) -> RecurringContribution:
        found = RecurringContribution.objects.select_related("donor", "appeal")
        return get_object_or_404(found, pk=self.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recurring: RecurringContribution = self.object
        user = self.request.user
        may = set(changing.OFFERED) & recurring_changes.offered(recurring)
        return super().get_context_data(**kwargs) | {
            "recurring": recurring,
            "offered": may if user.has_perm(CHANGE_RECURRING) else set(),
            "known": user.has_perm(IDENTITIES),
            "changes": recurring.asked_changes.select_related("by").order_by("-pk"),
            "contributions": recurring.contributions.order_by("-created_at")[:50],
            "form_id": uuid4(),
        }


class WhyForm(forms.Form):
    why = forms.CharField(
        max_length=300, error_messages={"required": "Please say why: it is kept beside the change."}
    )


@require_admin_access
@permission_required(CHANGE_RECURRING, raise_exception=True)
@require_POST
@needs_fresh_proof
def change_regular(request: HttpRequest, pk: int) -> HttpResponse:
    """A POST shows what would change; the POST of that page does it."""
    recurring = get_object_or_404(RecurringContribution.objects.select_related("donor"), pk=pk)
    back = redirect("regular:inspect", pk)
    reason, form = WhyForm(request.POST), RecurringChangeForm(request.POST, recurring)
    if "back" in request.POST:
        return back
    valid = form.is_valid() and reason.is_valid() and form.cleaned_data["do"] in changing.OFFERED
    if not valid and not form.readings:
        wrong = [str(words[0]) for words in (*form.errors.values(), *reason.errors.values())]
        messages.error(request, wrong[0] if wrong else "That can't be done here.")
        return back
    state = f"{recurring.amount} {recurring.currency} {recurring.frequency} {recurring.cancels_at}"
    if valid and (request.POST.get("confirmed_state") == state or form.pressed_before()):
        try:
            changing.change(form, request.user, reason.cleaned_data["why"])
        except changing.Overtaken as refused:
            messages.error(request, str(refused))
            return back
        except changing.NotChanged as refused:
            messages.error(request, str(refused))  # once more, with what was typed
        else:
            messages.success(request, "Done. They get a mail that says so.")
            return back
    context = {
        "recurring": recurring,
        "form": form,
        "why": request.POST.get("why", ""),
        "state": state,
        "stops": form["do"].value() == What.CANCEL,
        "known": request.user.has_perm(IDENTITIES),
    }
    return render(request, "donations/finance/regular/confirm.html", context)
