"""The one mail to who wanted to be asked later."""

from urllib.parse import urlencode

from anymail.message import AnymailMessage

from donations import money
from donations.asking import reminders
from donations.models import Deferral, GivingWords
from newsroom.core import tokens
from newsroom.mail.compose import compose
from newsroom.web.http import absolute_url


def reminder(deferral_id: int) -> AnymailMessage | None:
    deferral = Deferral.objects.filter(pk=deferral_id, status=Deferral.Status.REMINDED).first()
    if deferral is None:
        return None
    query = {
        "frequency": deferral.frequency,
        "currency": deferral.currency,
        "reminder": tokens.expiring("reminder", deferral.pk),
    }
    if deferral.amount:
        query["amount"] = money.plain(deferral.amount, deferral.currency)
    context = {
        "deferral": deferral,
        "url": absolute_url(f"/support/?{urlencode(query)}"),
        "cancel": absolute_url(f"/support/remind-me/cancel/{reminders.cancel_token(deferral)}/"),
    }
    return compose("donations/email/reminder", context, GivingWords.load().reminder, deferral.email)
