"""“Remind me later” by e-mail: made, sent on its day, cancelled."""

from datetime import datetime, timedelta

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations.asking import ask_cookie, supporters
from donations.models import Appeal, Deferral, Frequency
from newsroom.core import tokens
from newsroom.core.languages import spoken
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.mail.asked import ask
from newsroom.models import Suppression

LATE_BY_DAYS = 14  # a reminder that an outage held up longer than this stays unsent


class LaterForm(forms.Form):
    when = forms.ChoiceField(
        choices=[(choice.value, choice.label) for choice in ask_cookie.LATER],
        error_messages={
            "required": _("Please choose when we may ask again."),
            "invalid_choice": _("Please choose when we may ask again."),
        },
    )
    email = AddressField(required=False, max_length=254)
    frequency = forms.ChoiceField(choices=Frequency.choices, required=False)


def defer(form: LaterForm, now: datetime) -> datetime:
    """Note the wish, if an address was left, and say until when the box stays away."""
    remind_at = now + ask_cookie.LATER_BY_VALUE[form.cleaned_data["when"]].after
    if email := form.cleaned_data["email"]:
        frequency = form.cleaned_data["frequency"] or Frequency.MONTHLY
        ask(
            "reminder",
            email,
            remind_at=remind_at.isoformat(),
            frequency=str(frequency),
            language=spoken(),
        )
    return remind_at


def asked(email: str, remind_at: str, frequency: str, language: str) -> bool:
    """What the form's job does (newsroom/mail/asked.py). A new one causes a mail, if not today."""
    return Deferral.wish(
        email,
        remind_at=datetime.fromisoformat(remind_at),
        frequency=frequency,
        language=language,
        appeal=Appeal.current(),
    )


def send_due(now: datetime) -> int:
    """Post the reminders whose day has come; how many. Each goes out once, if it is wanted still:
    that is asked again when it is written."""
    sent = 0
    for deferral in Deferral.objects.due(now)[:500]:
        with transaction.atomic():
            if not deferral.end(Deferral.Status.REMINDED, now):
                continue
            if wanted(deferral, now):
                outbox.post("reminder", deferral.pk, key=str(deferral.pk))
                sent += 1
    return sent


def wanted(deferral: Deferral, now: datetime) -> bool:
    """Not weeks late, nor to who gives by now. A debit that is on its way counts: should it fail,
    another mail says so and asks. An appeal that is over is no reason to write, unless another
    one is running."""
    if (now - deferral.remind_at).days > LATE_BY_DAYS:
        return False
    if Suppression.of(list_index(deferral.email)):
        return False
    if deferral.appeal_id and not Appeal.objects.running().exists():
        return False
    # Of the wish only its day is known; a gift of that day has ended it when it arrived.
    day_after = datetime.combine(deferral.created_on, datetime.min.time()) + timedelta(days=1)
    return not supporters.supports(deferral.email_index, timezone.make_aware(day_after))


def cancel_token(deferral: Deferral) -> str:
    return tokens.permanent("cancel reminder", deferral.pk)


def read_cancel_token(token: str) -> Deferral | None:
    """The reminder to cancel, None if it is gone. Raises BadToken."""
    return Deferral.objects.filter(pk=tokens.read_permanent("cancel reminder", token)).first()
