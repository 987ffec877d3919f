"""From a reader's form to a Stripe Checkout Session."""

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import stripe
from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations import money
from donations.asking import times_shown
from donations.currencies import OFFERED
from donations.models import Appeal, Checkout, Country, Deferral, Frequency, GivingWords, Variant
from donations.payments import gateway
from donations.payments.leases import lease
from donations.payments.products import with_products
from newsroom.core import tokens
from newsroom.core.jobs import after_commit
from newsroom.core.languages import apart
from newsroom.core.privacy import keyed_hash
from newsroom.web.http import visitors_url

SESSION_LASTS = timedelta(hours=2)  # then Stripe closes it ("Create a Checkout Session")
USABLE = SESSION_LASTS - timedelta(minutes=35)  # Stripe makes none that closes in less than 30
REMINDER_SECONDS = 180 * 24 * 3600  # how long the link in a reminder pre-fills the form


class GiveForm(forms.Form):
    """Frequency, currency and an amount: one of those suggested, or the reader's own."""

    readings: Sequence[int] = ()  # what the amount may mean

    checkout = forms.UUIDField(required=False)
    frequency = forms.ChoiceField(
        choices=Frequency.choices,
        error_messages={
            "required": _("Please choose once, monthly or annual."),
            "invalid_choice": _("Please choose once, monthly or annual."),
        },
    )
    currency = forms.CharField(required=False, max_length=3)
    amount = forms.CharField(required=False, max_length=40)
    # Each frequency has suggestions of its own, and without JavaScript all of them are sent.
    amount_once = forms.CharField(required=False, max_length=40)
    amount_monthly = forms.CharField(required=False, max_length=40)
    amount_annual = forms.CharField(required=False, max_length=40)
    own_amount = forms.CharField(required=False, max_length=40)
    cover_fee = forms.BooleanField(required=False)
    anonymous = forms.BooleanField(required=False)
    newsletter = forms.BooleanField(required=False)
    country = forms.CharField(required=False, max_length=2)
    appeal = forms.ModelChoiceField(
        Appeal.objects.all(),
        required=False,
        error_messages={"invalid_choice": _("This appeal is over. Please press Continue again.")},
    )
    reminder = forms.CharField(required=False, max_length=200)

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].lower() or "usd"
        if code not in OFFERED:
            offered = ", ".join(known.upper() for known in OFFERED)
            raise forms.ValidationError(
                _("We can't take that currency. Please choose {offered}.").format(offered=offered)
            )
        return str(code)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        own, suggested = data.get("own_amount"), data.get(f"amount_{data.get('frequency')}")
        typed = own or suggested or data.get("amount")
        if not typed:
            self.add_error("own_amount", _("Please choose an amount or enter your own."))
        elif "currency" in data:
            try:
                data["smallest"] = money.parse(typed, data["currency"])
            except money.BadAmount as error:
                self.readings = error.choices
                self.add_error("own_amount", str(error))
            if own and suggested and self._was_chosen(suggested):
                self._ask_which(suggested, own)
        appeal, country = data.get("appeal"), Country.objects.named(data.get("country", ""))
        if appeal and country and appeal.closed_for(country):
            self.add_error(
                "country",
                _("Please do not give from {country}: {warning}").format(
                    country=apart(country.name), warning=apart(country.warning)
                ),
            )
        return data

    def _was_chosen(self, suggested: str) -> bool:
        """By the reader, and not by the page (donations/giving/giving_form.py, ``option``)? Without
        JavaScript an amount stays marked beside what was typed."""
        marked = self.data.get(f"marked_{self.cleaned_data['frequency']}")
        return marked not in (None, suggested)

    def _ask_which(self, suggested: str, own: str) -> None:
        """Two amounts, both of them the reader's doing: none is guessed."""
        currency = self.cleaned_data["currency"]
        try:
            chosen = money.parse(suggested, currency)
        except money.BadAmount:  # no button of ours
            return
        entered = self.cleaned_data.get("smallest")
        if entered == chosen:
            return
        if entered:
            words = _("You chose {chosen}, and entered {entered} as your own amount.")
            shown = apart(money.show(chosen, currency)), apart(money.show(entered, currency))
            self.add_error("own_amount", words.format(chosen=shown[0], entered=shown[1]))
        self.readings = [*([entered] if entered else self.readings), chosen]

    def elsewhere(self) -> list[str]:
        """Errors whose field nobody sees, so that they can't stand beside it."""
        seen = ("frequency", "currency", "own_amount")
        hidden = [found for name, found in self.errors.items() if name not in seen]
        return [str(words) for found in hidden for words in found]

    def choices(self) -> dict[str, Any]:
        """What was ticked and typed, as it was typed."""
        names = [name for name in self.fields if name not in ("checkout", "appeal")]
        typed = {name: self[name].data for name in names if self[name].data}
        return typed | ({"variant": str(self.variant.pk)} if self.variant else {})

    @property
    def variant(self) -> Variant | None:
        """Of an experiment, that the form comes from. It is no field: nothing that stands there can
        keep somebody from giving."""
        found, appeal = Variant.shown(self.data.get("variant", "")), self.cleaned_data["appeal"]
        return found if found and appeal and found.appeal_id == appeal.pk else None


def deferral_of(token: str) -> Deferral | None:
    """The reminder that led here, if the link is whole and not too old."""
    try:
        pk = tokens.read_expiring("reminder", token, seconds=REMINDER_SECONDS)
    except tokens.BadToken:
        return None
    return Deferral.objects.filter(pk=pk).first()


def choices_of(token: str) -> dict[str, Any] | None:
    """What the form said whose session at Stripe the reader comes back from; None once it is paid
    or over, and for a link that is not ours."""
    try:
        pk = tokens.read_permanent("back", token)
    except tokens.BadToken:
        return None
    open_ones = Checkout.objects.filter(expires_at__gt=timezone.now(), choices__isnull=False)
    checkout = open_ones.filter(pk=pk).first()
    if checkout is None:
        return None
    return json.loads(checkout.choices or "{}") | {"checkout": str(checkout.form_id)}


def start(form: GiveForm, language: str, network: bytes | None = None) -> str:
    """The address of Stripe's page for what the form asks. The same form gives the same page again.
    ``network``: whence it came, as network_index has it.

    Raises gateway.Unavailable when Stripe can't be reached, stripe.StripeError when it refuses.
    """
    checkout = _checkout(form, language, network)
    with lease(f"checkout-{checkout.key}"):  # the same press again waits for the first
        checkout.refresh_from_db()
        return checkout.session_url or _session(checkout)


def _session(checkout: Checkout) -> str:
    # Stripe is asked outside of any transaction. Dying between the two: the next press repeats
    # the call with the same key, and gets the same session.
    make = partial(
        gateway.create_session,
        frequency=checkout.frequency,
        amount=checkout.amount,
        currency=checkout.currency,
        success_url=visitors_url("thanks") + "?session={CHECKOUT_SESSION_ID}",
        # The same for each call with this key; the row says until when it is good.
        cancel_url=visitors_url("back", tokens.permanent("back", checkout.pk)),
        metadata={"checkout": str(checkout.key)},
        language=checkout.language,
        expires_at=checkout.expires_at,
        statement_descriptor=GivingWords.load().statement_descriptor,
        recovery=settings.CHECKOUT_RECOVERY,
    )
    try:
        session = with_products(make, f"checkout-{checkout.key}")
    except (stripe.InvalidRequestError, stripe.IdempotencyError):
        # The refusal is the key's answer from now on ("Idempotent requests"): with this row
        # closed, the next press asks under another.
        checkout.close(timezone.now())
        raise
    checkout.session_id, checkout.session_url = session.id, session.url or ""
    checkout.save(update_fields=["session_id", "session_url"])
    if Checkout.objects.abandoned_siblings(checkout).exists():
        after_commit("donations.tasks.close_abandoned", checkout.pk)
    return checkout.session_url


def _checkout(form: GiveForm, language: str, network: bytes | None) -> Checkout:
    """The form's row: found again by its key if the same is asked for, else a new one."""
    data = form.cleaned_data
    amount, currency = data["smallest"], data["currency"]
    charged = money.with_fee(amount, currency) if data["cover_fee"] else amount
    asked = {
        "frequency": data["frequency"],
        "amount": charged,
        "fee": charged - amount,
        "currency": currency,
        "anonymous": data["anonymous"],
        "newsletter": data["newsletter"],
        "language": language,
    }
    form_id = data["checkout"] or uuid.uuid4()
    # Keyed: what was ticked is forgotten once it is done, and could be tried out from a plain hash.
    key = uuid.UUID(bytes=keyed_hash(f"{form_id} {sorted(asked.items())}", "checkout")[:16])
    now = timezone.now()
    rest = {
        "form_id": form_id,
        "appeal": data["appeal"],
        "variant": form.variant,
        "deferral": deferral_of(data["reminder"]),
        "choices": json.dumps(form.choices()),
        "network_index": network,
        "expires_at": now + SESSION_LASTS,
    }
    first = form.variant and not Checkout.objects.filter(form_id=form_id).exists()
    checkout, new = Checkout.objects.get_or_create(key=key, defaults=asked | rest)
    if form.variant and first and new:
        times_shown.note_continued(form.variant.pk, now)
    if now - checkout.created_at < USABLE and checkout.closed_at is None:
        checkout.choices = rest["choices"]  # “10.00” in place of “10”
        checkout.save(update_fields=["choices"])
        return checkout
    return Checkout.objects.create(key=uuid.uuid4(), **asked, **rest)  # paid, or an old tab


def close_abandoned(checkout: Checkout) -> int:
    """Close the sessions that this one replaced, so that nobody pays twice; how many were."""
    closed = 0
    for other in Checkout.objects.abandoned_siblings(checkout):
        try:
            gateway.expire_session(other.session_id or "")
        except stripe.InvalidRequestError:  # paid meanwhile, or closed by itself
            continue
        closed += other.close(timezone.now())
    return closed
