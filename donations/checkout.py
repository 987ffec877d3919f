"""From a reader's form to a Stripe Checkout Session."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations import gateway, money
from donations.models import Appeal, Checkout, Deferral, Frequency
from newsroom import tokens

SESSION_LASTS = timedelta(hours=23)  # Stripe closes it after 24 ("Create a Checkout Session")
REMINDER_SECONDS = 180 * 24 * 3600  # how long the link in a reminder pre-fills the form


class GiveForm(forms.Form):
    """Frequency, currency and an amount: one of those suggested, or the reader's own."""

    checkout = forms.UUIDField(required=False)
    frequency = forms.ChoiceField(
        choices=Frequency.choices,
        error_messages={
            "required": "Please choose once, monthly or annual.",
            "invalid_choice": "Please choose once, monthly or annual.",
        },
    )
    currency = forms.CharField(required=False, max_length=3)
    amount = forms.CharField(required=False, max_length=40)
    # Each frequency has suggestions of its own, and without JavaScript all of them are sent.
    amount_once = forms.CharField(required=False, max_length=40)
    amount_monthly = forms.CharField(required=False, max_length=40)
    amount_annual = forms.CharField(required=False, max_length=40)
    own_amount = forms.CharField(required=False, max_length=40)
    appeal = forms.ModelChoiceField(Appeal.objects.all(), required=False)
    reminder = forms.CharField(required=False, max_length=200)

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].lower() or "usd"
        if code not in money.CURRENCIES:
            offered = ", ".join(known.upper() for known in money.CURRENCIES)
            raise forms.ValidationError(f"We can't take that currency. Please choose {offered}.")
        return str(code)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        suggested = data.get(f"amount_{data.get('frequency')}")
        typed = data.get("own_amount") or suggested or data.get("amount")
        if not typed:
            self.add_error("amount", "Please choose an amount or enter your own.")
        elif "currency" in data:
            try:
                data["smallest"] = money.parse(typed, data["currency"])
            except money.BadAmount as error:
                self.add_error("amount", str(error))
        return data


def deferral_of(token: str) -> Deferral | None:
    """The reminder that led here, if the link is whole and not too old."""
    try:
        pk = tokens.read_passing("reminder", token, seconds=REMINDER_SECONDS)
    except tokens.BadToken:
        return None
    return Deferral.objects.filter(pk=pk).first()


def start(form: GiveForm) -> str:
    """The address of Stripe's page for this gift. The same form gives the same page again.

    Raises gateway.Unavailable when Stripe can't be reached.
    """
    data = form.cleaned_data
    checkout = _checkout(data)
    if not checkout.session_url:
        # Stripe is asked outside of any transaction. Dying between the two: the next press
        # repeats the call with the same key, and gets the same session.
        session = gateway.create_session(
            key=f"checkout-{checkout.pk}",
            frequency=checkout.frequency,
            amount=checkout.amount,
            currency=checkout.currency,
            success_url=f"{settings.BASE_URL}/support/thanks/?session={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{settings.BASE_URL}/support/?frequency={checkout.frequency}"
            f"&amount={money.plain(checkout.amount, checkout.currency)}"
            f"&currency={checkout.currency}",
            metadata={"checkout": str(checkout.pk)},
        )
        checkout.session_id, checkout.session_url = session.id, session.url or ""
        checkout.save(update_fields=["session_id", "session_url"])
    return checkout.session_url


def _checkout(data: dict[str, Any]) -> Checkout:
    """The form's row: found again by its id if the same gift is asked for, else a new one."""
    asked = {
        "frequency": data["frequency"],
        "amount": data["smallest"],
        "currency": data["currency"],
    }
    rest = {"appeal": data["appeal"], "deferral": deferral_of(data["reminder"])}
    pk = data["checkout"] or uuid.uuid4()
    try:
        with transaction.atomic():
            checkout, _ = Checkout.objects.get_or_create(pk=pk, defaults=asked | rest)
    except IntegrityError:  # two presses at once: the other was faster
        checkout = Checkout.objects.get(pk=pk)
    same = all(getattr(checkout, name) == value for name, value in asked.items())
    if same and timezone.now() - checkout.created_at < SESSION_LASTS:
        return checkout
    return Checkout.objects.create(**asked, **rest)  # another gift, or an old tab
