"""A donor changes what they give regularly: amount, frequency, a pause, the end of it.

Each change is a row first, then one call to Stripe under a key made of the row's id, then the
newest subscription is pulled. Dying in between: the same press finds the row, repeats the call
under the same key, and nothing happens twice.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from donations import money
from donations.asking import may_ask, reminders
from donations.currencies import DECIMALS, OFFERED
from donations.models import Deferral, Donor, Frequency, RecurringChange, RecurringContribution
from donations.models.recurring import UNDER_WAY, regularly
from donations.payments import gateway, sync
from donations.payments.leases import lease
from donations.payments.mirror.recurring import is_plain
from donations.payments.products import with_products
from newsroom.core.languages import apart, speaking
from newsroom.mail import outbox

log = logging.getLogger(__name__)

What = RecurringChange.What
REASONS = [
    ("", _("I would rather not say")),
    ("too much", _("It is too much for me now")),
    ("not safe", _("It is not safe for me")),
    ("other ways", _("I support you in other ways")),
    ("content", _("I am unhappy with your reporting")),
]
MONTHS = [(1, _("1 payment")), (3, _("3 payments")), (6, _("6 payments"))]
# After a cancellation: may we ask again?
LATER = [
    ("", _("No")),
    ("91", _("In three months")),
    ("182", _("In half a year")),
    ("365", _("In a year")),
]

NOT_CHANGEABLE = _(
    "This contribution was set up in a way that can't be changed here. Please write to us, or "
    "cancel it and give anew."
)
FROM_NEXT_ON = _("From the next payment on it is {amount}.")
CANCELLED = _("Cancelled. Nothing more is charged. Thank you for all you gave.")
STALE = _("This contribution has changed since this page was shown. Please look at it again.")


class NotChangeable(Exception):
    """It is made of more than one price, once: a new one would multiply, or be discounted."""


class Stale(Exception):
    """The press was done long ago, and undone or overtaken since: its words are true no more."""


def offered(recurring: RecurringContribution) -> set[str]:
    """What its donor may do now: what their page shows, and what is taken from an older page."""
    if recurring.cancels_at or not recurring.going:
        return {What.KEEP} if recurring.going else set()
    found: set[str] = {What.CANCEL}
    if recurring.changeable and recurring.currency in DECIMALS:
        found |= {What.AMOUNT, What.FREQUENCY}
    if recurring.paused:
        return found | {What.RESUME}
    if recurring.changeable and recurring.status == "active":
        found.add(What.DAY)
    if recurring.frequency == Frequency.MONTHLY:  # so many payments are counted in months
        found.add(What.PAUSE)
    return found


def is_so(do: str, recurring: RecurringContribution) -> bool:
    """It need not be offered: whoever asks for it has it already."""
    if recurring.cancels_at:
        return do == What.CANCEL
    return do == What.KEEP or (do == What.RESUME and not recurring.paused)


class RecurringChangeForm(forms.Form):
    """One press on the donor's page."""

    form_id = forms.UUIDField()
    do = forms.ChoiceField(choices=What.choices)
    amount = forms.CharField(required=False, max_length=40)
    frequency = forms.ChoiceField(
        required=False, choices=[(Frequency.MONTHLY, ""), (Frequency.ANNUAL, "")]
    )
    months = forms.TypedChoiceField(required=False, choices=MONTHS, coerce=int, empty_value="1")
    reason = forms.ChoiceField(required=False, choices=REASONS)
    later = forms.ChoiceField(required=False, choices=LATER)
    day = forms.IntegerField(required=False, min_value=1, max_value=28)
    by = forms.IntegerField(required=False, min_value=1, max_value=11)  # months; of an annual one
    confirmed = forms.CharField(required=False, max_length=100)

    def __init__(self, data: Any, recurring: RecurringContribution) -> None:
        super().__init__(data)
        self.recurring = recurring
        self.annual = recurring.frequency == Frequency.ANNUAL
        self.readings: Sequence[int] = ()  # what the amount may mean

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        do = data.get("do")
        if do in (What.AMOUNT, What.FREQUENCY, What.DAY) and not self.recurring.changeable:
            raise forms.ValidationError(NOT_CHANGEABLE)
        if do in (What.AMOUNT, What.FREQUENCY):
            try:
                data["smallest"] = money.parse(data.get("amount") or "", self.recurring.currency)
            except money.BadAmount as error:
                self.readings = error.choices
                self.add_error("amount", str(error))
        same = data.get("frequency") in ("", None, self.recurring.frequency)
        if do == What.FREQUENCY and same and not self.pressed_before():
            self.add_error("frequency", _("Please choose the other frequency."))
        if do == What.DAY and self.annual and not data.get("by"):
            raise forms.ValidationError(STALE)  # a page from before asked for a day of the month
        if do == What.DAY and not self.annual and not data.get("day"):
            self.add_error("day", _("Please choose a day from 1 to 28."))
        if not self.recurring.going and not self.pressed_before():
            raise forms.ValidationError(_("This contribution has ended. You can give anew."))
        good = not do or do in offered(self.recurring) or is_so(do, self.recurring)
        if not (good or self.errors or self.pressed_before()):
            raise forms.ValidationError(STALE)
        return data

    def press(self) -> uuid.UUID:
        """The same for the same form and wish; an old page pressed for something else is
        another."""
        data = self.cleaned_data
        names = ("do", "smallest", "frequency", "months", "by" if data.get("by") else "day")
        wish = " ".join(str(data.get(name)) for name in names)
        return uuid.uuid5(data["form_id"], f"{self.recurring.pk} {wish}")

    def pressed_before(self) -> bool:
        known = "form_id" in self.cleaned_data
        return known and RecurringChange.objects.filter(form_id=self.press()).exists()

    def to_confirm(self) -> dict[str, Any] | None:
        """What the donor has to look at before a valid form counts: the old, the new, from when;
        None when they have, or when there is nothing to look at. What they confirmed holds only
        for what it was shown with."""
        recurring, data = self.recurring, self.cleaned_data
        if data["do"] not in (What.AMOUNT, What.FREQUENCY) or self.pressed_before():
            return None
        state = f"{recurring.amount} {recurring.currency} {recurring.frequency}"
        if data["confirmed"] == state:
            return None
        frequency = data["frequency"] if data["do"] == What.FREQUENCY else recurring.frequency
        return {
            "new": regularly(data["smallest"], recurring.currency, frequency),
            "state": state,
        }


def apply(form: RecurringChangeForm, now: datetime, **staff: Any) -> str | Promise:
    """Do what a valid form asks; words for the donor. ``staff``: ``by`` whom and ``why`` it is
    done for them, if it is; then a mail tells them.

    Raises gateway.Unavailable when nobody knows yet, stripe.StripeError when Stripe refuses,
    NotChangeable when it is no longer made as ours are, Stale when another change came after it.
    """
    recurring, data = form.recurring, form.cleaned_data
    params, detail, words = CHANGES[data["do"]](recurring, data, now)
    change, _made = RecurringChange.objects.get_or_create(
        form_id=form.press(),
        defaults={"recurring": recurring, "what": data["do"], "detail": detail, **staff},
    )
    with lease(f"change-{change.pk}"):  # the same press again waits for the first
        change.refresh_from_db()
        if change.done_at is None:
            _make(change, form, params, now)
        elif recurring.asked_changes.filter(done_at__gt=change.done_at).exists():
            raise Stale
    try:
        sync.pull_subscription(recurring.stripe_subscription)
    except gateway.FAILURES as error:  # Stripe has taken it all the same
        log.warning("Change %s: its webhook mirrors it (%s)", change.pk, type(error).__name__)
    return words


def _make(
    change: RecurringChange, form: RecurringChangeForm, params: dict[str, Any], now: datetime
) -> None:
    """At Stripe, and what follows here."""
    recurring, data = form.recurring, form.cleaned_data
    key = f"change-{change.pk}"
    if data["do"] == What.CANCEL and recurring.status == "past_due":
        gateway.end_subscription(recurring.stripe_subscription, key)  # no further attempt
    else:
        make = partial(gateway.change_subscription, recurring.stripe_subscription, **params)
        with_products(make, key)
    with transaction.atomic():
        RecurringChange.objects.filter(pk=change.pk).update(done_at=timezone.now())
        if change.by_id:
            outbox.post("changed_for_you", change.pk, key=str(change.pk))
    if data["do"] in (What.CANCEL, What.KEEP) and recurring.donor:
        forget_wishes(recurring.donor, now)  # of an earlier cancellation, say
        if data["do"] == What.CANCEL and data.get("later"):
            ask_again(recurring, now + timedelta(days=int(data["later"])))
        elif data["do"] == What.CANCEL:
            may_ask.not_any_more([recurring.donor.pk], now)


def day_of(moment: datetime) -> str:
    return date_format(timezone.localtime(moment))


# Stripe's parameters, what to write down, what to say
Change = tuple[dict[str, Any], str, str | Promise]


def _amount(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    """From the next payment on; nothing is charged or given back now."""
    new = apart(money.show(data["smallest"], recurring.currency))
    params = _price(recurring, recurring.frequency, data["smallest"])
    words = FROM_NEXT_ON.format(amount=new)
    return params, _written_down(recurring, data["smallest"]), words


def _written_down(recurring: RecurringContribution, amount: int, frequency: str = "") -> str:
    """“$10 to $15”, for staff: in English, whatever the donor speaks."""
    with speaking("en"):
        old = money.show(recurring.amount, recurring.currency)
        new = money.show(amount, recurring.currency)
    return f"{old} {recurring.frequency} to {new} {frequency}" if frequency else f"{old} to {new}"


def _frequency(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    """What is paid stays paid: the new frequency begins when the present period is over."""
    params = _price(recurring, data["frequency"], data["smallest"])
    begins = recurring.renews_at or now
    params["trial_end"] = int(max(begins, now + timedelta(minutes=1)).timestamp())
    new = regularly(data["smallest"], recurring.currency, data["frequency"])
    words = _("From {day} on it is {amount}.").format(day=day_of(begins), amount=new)
    return params, _written_down(recurring, data["smallest"], data["frequency"]), words


def _day(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    """Another day of the month, or of the year: the next payment moves to it, never before what is
    paid for is over, and all later ones follow ("Using trial periods on subscriptions")."""
    due, known = timezone.localtime(recurring.renews_at or now), "%-d"
    if recurring.frequency == Frequency.ANNUAL:
        moved, known = recurring.in_later_months(now)[data["by"]], "%Y-%m-%d"
    else:
        moved = due.replace(day=data["day"])
        if moved < due:
            moved = (moved.replace(day=1) + timedelta(days=32)).replace(day=data["day"])
    params = {"trial_end": int(moved.timestamp()), "proration_behavior": "none"}
    words = _("The next payment is on {day}.").format(day=day_of(moved))
    return params, f"{due:{known}} to {moved:{known}}", words


def _price(recurring: RecurringContribution, frequency: str, amount: int) -> dict[str, Any]:
    """Another price on the one item there is: a free amount, which Stripe's portal can't do."""
    subscription = gateway.subscription(recurring.stripe_subscription)
    if not is_plain(subscription):  # since our page was shown
        raise NotChangeable
    item = subscription["items"].data[0]
    price = gateway.price_data(frequency, amount, recurring.currency)
    sold = {"id": item.id, "price_data": price, "quantity": 1}
    return {"items": [sold], "proration_behavior": "none"}


def _pause(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    """So many payments are left out, from the next one on."""
    next_one = recurring.renews_at or now
    until = next_one + timedelta(days=31 * (int(data["months"]) - 1) + 1)
    pause = {"behavior": "void", "resumes_at": int(until.timestamp())}
    words = _("Paused. It goes on by itself after {day}.").format(day=day_of(until))
    return {"pause_collection": pause}, f"until {until:%Y-%m-%d}", words


def _resume(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    return {"pause_collection": ""}, "", _("It goes on. Thank you!")


def _cancel(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    words = str(CANCELLED)
    if still := under_way(recurring):
        words = f"{words} {still}"
    return {"cancel_at_period_end": True}, data.get("reason") or "", words


def under_way(recurring: RecurringContribution) -> str:
    """What a cancellation can't call back any more, as a sentence; "" if there is nothing."""
    amount = recurring.under_way
    return str(UNDER_WAY).format(under_way=amount) if amount else ""


def _keep(recurring: RecurringContribution, data: dict[str, Any], now: datetime) -> Change:
    return {"cancel_at_period_end": False}, "", _("It goes on. Thank you!")


CHANGES = {
    What.AMOUNT: _amount,
    What.FREQUENCY: _frequency,
    What.DAY: _day,
    What.PAUSE: _pause,
    What.RESUME: _resume,
    What.CANCEL: _cancel,
    What.KEEP: _keep,
}


def forget_wishes(donor: Donor, now: datetime) -> None:
    for wish in Deferral.objects.of_donor(donor).exclude(yearly=True):
        wish.end(Deferral.Status.CANCELLED, now)


def ask_again(recurring: RecurringContribution, when: datetime) -> None:
    """Win back: one mail at the time they chose, as “Remind me later” sends it."""
    donor = recurring.donor
    assert donor
    reminders.agreed(
        donor.email,
        when,
        language=donor.language,
        frequency=recurring.frequency
        if recurring.frequency in Frequency.values
        else Frequency.MONTHLY,
        amount=recurring.amount,
        currency=recurring.currency,
        appeal=recurring.appeal,
    )


def lower(recurring: RecurringContribution) -> int:
    """What to offer before a cancellation: half of it, in whole units; 0 when that would be too
    little, or when we don't know what is little in this currency."""
    offered = OFFERED.get(recurring.currency)
    if offered is None or not recurring.changeable:
        return 0
    unit = 10**offered.decimals
    half = recurring.amount // 2 // unit * unit
    return half if half >= offered.minimum else 0
