"""“Remind me later”: the form, the consent, another month, an end.

What goes out on its day is reminding.py; when “later” is, models/asking/days.py.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations import money
from donations.asking import may_ask
from donations.currencies import OFFERED
from donations.models import Appeal, Deferral, DeferralCount, Frequency, Variant
from donations.models.asking import days
from donations.models.asking.deferral_count import Outcome, Tally
from newsroom.core import tokens
from newsroom.core.languages import spoken
from newsroom.core.privacy import giving_index, list_index
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.mail.asked import ask
from newsroom.models import Suppression

Status = Deferral.Status

CHOOSE = _("Please choose when we may ask again.")


class LaterForm(forms.Form):
    """``when`` is a choice, or “other” for one of those that ``other`` has."""

    when = forms.ChoiceField(
        choices=[(one.value, one.label) for one in days.BY_VALUE.values()] + [("other", "")],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    other = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (*days.FAR, *days.IN_MONTH)],
        required=False,
        error_messages={"invalid_choice": CHOOSE},
    )
    email = AddressField(required=False, max_length=254)
    zone = forms.ChoiceField(
        choices=lambda: days.zones("en"),
        required=False,
        error_messages={"invalid_choice": _("Please choose a time zone of the list.")},
    )
    yearly = forms.BooleanField(required=False)
    once_more = forms.BooleanField(required=False)
    # Hidden, and only to fill in a form with: what can't be read is no reason to refuse.
    frequency = forms.CharField(required=False)
    currency = forms.CharField(required=False)
    amount = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("when") == "other":
            data["when"] = data.get("other")
            if not data["when"] and "other" not in self.errors:
                self.add_error("other", CHOOSE)
        if data.get("when") == days.ARTICLES and data.get("email"):
            words = _("We count articles in your browser only. For a mail, please choose a day.")
            self.add_error("when", words)
        return data


def choices() -> dict[str, Any]:
    """What the form offers. Pages with it are kept: nothing here changes with the day."""
    language = spoken()
    return {
        "soon": days.SOON,
        "far": days.FAR,
        "months": days.IN_MONTH,
        "zones": days.zones(language),
        "zone": days.zone_of(language),
    }


def defer(form: LaterForm, now: datetime) -> datetime:
    """Ask the address, if one was left, whether its reader agrees; and say until when the box stays
    away from this browser."""
    data = form.cleaned_data
    variant = Variant.shown(form.data.get("variant", ""))
    choice = days.BY_VALUE[data["when"]]
    zone = data["zone"] or days.zone_of(spoken())
    day = choice.day(days.today_in(zone, now))
    if not data["email"]:
        of = {"variant": variant.pk} if variant else {}
        tally = Tally.of(timezone.localdate(now), str(choice), Outcome.COOKIE, **of)
        DeferralCount.add({tally: 1})
        return (
            now + days.INSTEAD_OF_ARTICLES if choice.value == days.ARTICLES else days.at(day, zone)
        )
    currency = data["currency"].lower() if data["currency"].lower() in OFFERED else "usd"
    frequency = data["frequency"] if data["frequency"] in Frequency.values else Frequency.MONTHLY
    appeal = variant.appeal if variant else Appeal.named(form.data.get("appeal", ""))
    appeal = appeal or Appeal.current()
    ask(
        "reminder",
        data["email"],
        choice="yearly" if data["yearly"] else str(choice),
        day=day.isoformat(),
        zone=zone,
        yearly=int(data["yearly"]),
        once_more=int(data["once_more"]),
        frequency=str(frequency),
        currency=currency,
        amount=_smallest(data["amount"][:40], currency),
        appeal=appeal.pk if appeal else 0,
        variant=variant.pk if variant else 0,
        language=spoken(),
    )
    return days.at(day, zone)


def _smallest(typed: str, currency: str) -> int:
    """0 for nothing, and for what can't be read: it is only to fill in a form."""
    try:
        return money.parse(typed, currency) if typed else 0
    except money.BadAmount:
        return 0


def asked(email: str, day: str, zone: str, **detail: Any) -> bool:
    """What the form's job does (newsroom/mail/asked.py): a mail asks whether its reader agrees, if
    we may write there. Who has agreed to the very same is not asked twice."""
    remind_on, yearly = date.fromisoformat(day), bool(detail["yearly"])
    theirs = Deferral.objects.of_address(giving_index(email))
    if Suppression.of(list_index(email)) or theirs.filter(
        status=Status.WAITING, remind_on=remind_on, zone=zone, yearly=yearly
    ):
        return False
    detail |= {"yearly": yearly, "amount": detail["amount"] or None}
    detail["appeal"] = Appeal.objects.filter(pk=detail["appeal"]).first()
    detail["variant"] = Variant.objects.filter(pk=detail.get("variant", 0)).first()
    wish, new = Deferral.wish(email, remind_on, zone=zone, **detail)
    if new:
        count([wish], Outcome.ASKED)
    return outbox.post("confirm_reminder", wish.pk, key=f"{wish.pk} {outbox.ten_minutes()}")


def agreed(email: str, at: datetime, **fields: Any) -> None:
    """As their own page has it, whose link came to this address: nothing is left to confirm."""
    may_ask.again(may_ask.whose(giving_index(email)))
    zone = days.zone_of(fields["language"])
    wish, _new = Deferral.wish(email, days.today_in(zone, at), zone=zone, choice="cancel", **fields)
    wish.wait(wish.due_at, frm=[Status.ASKED])


# --- Behind the links of its mails -----------------------------------------------------------


def token_of(deferral: Deferral) -> str:
    return tokens.permanent("deferral", deferral.pk)


def behind(token: str) -> Deferral | None:
    """None if it is gone. Raises BadToken."""
    return Deferral.objects.filter(pk=tokens.read_permanent("deferral", token)).first()


def confirm(deferral: Deferral, now: datetime) -> bool:
    """The reader agrees. A day that has come meanwhile is tomorrow's."""
    due_at = deferral.due_at
    if due_at <= now:
        tomorrow = days.today_in(deferral.zone, now) + timedelta(days=1)
        due_at = days.at(tomorrow, deferral.zone)
    return _waits(deferral, due_at, [Status.ASKED], Outcome.CONFIRMED)


def another_month(deferral: Deferral, now: datetime) -> bool:
    """Asked for in a reminder, also some time after it."""
    day = days.month_after(days.today_in(deferral.zone, now))
    due_at = days.at(day, deferral.zone)
    return _waits(deferral, due_at, [Status.REMINDED, Status.LAPSED], Outcome.AGAIN)


def _waits(deferral: Deferral, due_at: datetime, frm: list[Status], outcome: str) -> bool:
    with transaction.atomic():
        moved = deferral.wait(due_at, frm)
        count([deferral] if moved else [], outcome)
        if moved:
            may_ask.again(may_ask.whose(bytes(deferral.email_index)))
    return moved


def never(deferral: Deferral, now: datetime) -> bool:
    """This one, and whatever else its address waits for. A donor is asked by no other mail, either
    (may_ask.py)."""
    index = bytes(deferral.email_index)
    theirs = Deferral.objects.of_address(index)
    with transaction.atomic():
        ended = [one for one in theirs if one.end(Status.CANCELLED, now)]
        count([one for one in ended if one.pk == deferral.pk], Outcome.CANCELLED)
        if ended:
            may_ask.not_any_more(may_ask.whose(index), now)
    deferral.refresh_from_db()
    return bool(ended)


def count(deferrals: Iterable[Deferral], outcome: str) -> None:
    DeferralCount.add(Counter(one.tally(outcome) for one in deferrals))
