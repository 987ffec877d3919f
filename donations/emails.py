"""One function per mail: from a row's id to the message, or None when it is no longer due.

Subjects are neutral: a lock screen or a shared inbox must not tell that somebody gives.
"""

from urllib.parse import urlencode

from anymail.message import AnymailMessage
from django.conf import settings

from donations import money, reminders
from donations.models import Contribution, Deferral, Donor
from newsroom import tokens
from newsroom.models import Masthead
from subscriptions.rendering import compose

SUPPORT = f"{settings.BASE_URL}/support/"


def reminder(deferral_id: int) -> AnymailMessage | None:
    deferral = Deferral.objects.filter(pk=deferral_id, status=Deferral.Status.REMINDED).first()
    if deferral is None:
        return None
    query = {
        "frequency": deferral.frequency,
        "currency": deferral.currency,
        "reminder": tokens.passing("reminder", deferral.pk),
    }
    if deferral.amount:
        query["amount"] = money.plain(deferral.amount, deferral.currency)
    context = {
        "deferral": deferral,
        "url": f"{SUPPORT}?{urlencode(query)}",
        "cancel": f"{SUPPORT}remind-me/cancel/{reminders.cancel_token(deferral)}/",
    }
    return compose("reminder", context, "You asked us to get back to you", deferral.email)


def thanks(contribution_id: int) -> AnymailMessage | None:
    found = Contribution.objects.select_related("donor", "recurring")
    contribution = found.filter(pk=contribution_id).first()
    if contribution is None or contribution.donor is None:
        return None
    context = {
        "contribution": contribution,
        "manage": manage_url(contribution.donor),
        "name": contribution.donor.name,
    }
    subject = f"Thank you from {Masthead.load().name}"
    return compose("thanks", context, subject, contribution.donor.email)


def manage_link(donor_id: int) -> AnymailMessage | None:
    donor = Donor.objects.filter(pk=donor_id).first()
    if donor is None:
        return None
    context = {"url": manage_url(donor)}
    return compose("manage_link", context, "Your link", donor.email)


def manage_url(donor: Donor) -> str:
    return f"{SUPPORT}manage/{tokens.passing('manage', donor.pk)}/"
