"""Finance writes down what came without Stripe, and gives it back."""

import base64
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.widgets import AdminDateInput

from donations import money
from donations.books import offline
from donations.books.bank import statements
from donations.currencies import OFFERED
from donations.finance.common.access import IDENTITIES
from donations.models import Appeal, BankLine, GiftDocument, OfflineGift
from newsroom.core import paths
from newsroom.mail.addresses import AddressField
from newsroom.staff.gate import needs_fresh_proof

RECORD = "donations.add_offlinegift"
LARGEST = 5_000_000  # bytes of a document
OLDEST = date(2000, 1, 1)


class OfflineGiftForm(forms.Form):
    form_id = forms.UUIDField(widget=forms.HiddenInput)
    line = forms.IntegerField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="How it came", choices=OfflineGift.Kind.choices)
    amount = forms.CharField(max_length=40)
    currency = forms.ChoiceField(choices=[(code, code.upper()) for code in OFFERED])
    received_on = forms.DateField(label="Received on", widget=AdminDateInput)
    name = forms.CharField(label="Name", max_length=200, required=False)
    email = AddressField(label="E-mail address", required=False, max_length=254)
    thank = forms.BooleanField(
        label="Thank them by mail, with the receipt", required=False, initial=True
    )
    company = forms.CharField(label="Company", max_length=200, required=False)
    address = forms.CharField(
        label="Postal address", max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    purpose = forms.CharField(label="For what", max_length=200, required=False)
    in_honour_of = forms.CharField(label="In honour of", max_length=200, required=False)
    appeal = forms.ModelChoiceField(Appeal.objects.none(), required=False)
    note = forms.CharField(max_length=500, required=False)
    document = forms.FileField(
        required=False, help_text="A photo of the cheque, a letter: 5 MB at most. Kept sealed."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        appeals: Any = self.fields["appeal"]
        appeals.queryset = Appeal.objects.all()

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if not OLDEST <= day <= timezone.localdate():
            raise forms.ValidationError("Please give a day that has been.")
        return day

    def clean_document(self) -> Any:
        file = self.cleaned_data["document"]
        if file and file.size > LARGEST:
            raise forms.ValidationError("This is larger than 5 MB. A smaller photo will do.")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("amount") and data.get("currency"):
            try:
                data["amount"] = money.parse(data["amount"], data["currency"], any_size=True)
            except money.BadAmount as error:
                self.add_error("amount", str(error))
            else:
                if not 0 < data["amount"] <= money.MOST:
                    self.add_error("amount", "So much, or so little, can’t be written down.")
        return data


@require_admin_access
@permission_required(RECORD, raise_exception=True)
def record(request: HttpRequest) -> HttpResponse:
    """GET, perhaps from a line of the bank's, asks; POST writes it down, once."""
    number = paths.number_of(request.GET.get("line", request.POST.get("line", "")) or "")
    line = BankLine.objects.open().filter(pk=number, amount__gt=0).first()
    form = OfflineGiftForm(
        request.POST or None, request.FILES or None, initial=_from(line) | {"form_id": uuid4()}
    )
    if form.is_valid():
        asked = form.cleaned_data
        asked.pop("line")
        if file := asked.pop("document"):
            asked["document"] = file.name[:200], base64.b64encode(file.read()).decode()
        gift = offline.record(who=request.user.get_username(), **asked)
        if line:
            try:
                statements.explain(line, f"gift:{gift.pk}")
            except statements.NotSo as reason:
                messages.warning(request, f"The bank’s line is still open. {reason}")
        day = gift.booking.booked_on
        late = f" Its month is closed: in the books it stands in {day:%B %Y}."
        moved = day != timezone.localdate(gift.contribution.created_at)
        words = f"{gift.contribution.shown_amount} written down.{late if moved else ''}"
        messages.success(request, words)
        return redirect("contributions:inspect", gift.contribution_id)
    status = 400 if form.errors else 200
    context = {"form": form, "line": line}
    return render(request, "donations/finance/offline_gift.html", context, status=status)


def _from(line: BankLine | None) -> dict[str, Any]:
    if line is None:
        return {"received_on": timezone.localdate(), "kind": OfflineGift.Kind.CASH}
    return {
        "line": line.pk,
        "kind": OfflineGift.Kind.BANK,
        "amount": money.plain(line.amount, line.currency),
        "currency": line.currency,
        "received_on": line.booked_on,
        "note": line.text[:500],
    }


@require_admin_access
@permission_required(RECORD, raise_exception=True)
@require_POST
@needs_fresh_proof
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """That it went back by hand, or was a mistake."""
    gift = get_object_or_404(OfflineGift.objects.select_related("contribution"), pk=pk)
    try:
        currency = gift.contribution.currency
        amount = money.parse(request.POST.get("amount", ""), currency, any_size=True)
    except money.BadAmount as error:
        messages.error(request, str(error))
    else:
        if offline.give_back(gift, amount, timezone.now()):
            messages.success(request, f"{money.show(amount, currency)} written down as given back.")
        else:
            messages.error(request, "So much is not left of it.")
    return redirect("contributions:inspect", gift.contribution_id)


@require_admin_access
@permission_required(IDENTITIES, raise_exception=True)
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """To take away; never shown as a page of ours."""
    found = get_object_or_404(GiftDocument, gift=pk)
    return HttpResponse(
        base64.b64decode(found.content),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="document-{pk}"'},
    )
