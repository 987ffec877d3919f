"""One function per mail: from a row's id to the message, or None when it is no longer due.

Subjects are neutral: a lock screen or a shared inbox must not tell that somebody gives.
"""

from typing import Any
from urllib.parse import urlencode

from anymail.message import AnymailMessage
from django.conf import settings

from donations import money, reminders
from donations.models import Contribution, Deferral, Donor, RecurringContribution
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


# What each of these mails says: subject, then paragraphs. Neutral subjects: see above.
PROMISE_MAILS: dict[str, tuple[str, list[str]]] = {
    "payment_failed": (
        "A payment did not go through",
        [
            "Your last payment of {amount} did not go through{card}. That happens: cards expire, "
            "limits are reached.",
            "It is tried again in the next days. If your card has changed, please tell us here:",
        ],
    ),
    "last_call": (
        "A payment still does not go through",
        [
            "Your payment of {amount} has failed several times{card}. If it fails once more, what "
            "you give regularly ends by itself, and nothing is owed.",
            "If you would like it to go on, please check your card:",
        ],
    ),
    "recurring_ended": (
        "It has ended",
        [
            "What you gave regularly, {amount}, has ended. Nothing more is charged.",
            "Thank you for all of it. Should you want to begin again, now or later:",
        ],
    ),
    "card_expiring": (
        "Your card will expire soon",
        [
            "The card{card} with which you give {amount} is good until {expires} only.",
            "Your bank may have told us about a new one already. If not, please enter it here:",
        ],
    ),
}
MEND_SECONDS = 21 * 24 * 3600  # as long as Stripe may go on trying


def payment_failed(recurring_id: int) -> AnymailMessage | None:
    return _about_promise("payment_failed", recurring_id, status="past_due")


def last_call(recurring_id: int) -> AnymailMessage | None:
    return _about_promise("last_call", recurring_id, status="past_due")


def recurring_ended(recurring_id: int) -> AnymailMessage | None:
    return _about_promise("recurring_ended", recurring_id, ended_at__isnull=False)


def card_expiring(recurring_id: int) -> AnymailMessage | None:
    return _about_promise("card_expiring", recurring_id, status__in=RecurringContribution.GOING)


def _about_promise(name: str, pk: int, **still: Any) -> AnymailMessage | None:
    """``still``: what has to be true at the moment of sending for the mail to make sense."""
    found = RecurringContribution.objects.select_related("donor").filter(pk=pk, **still)
    promise = found.first()
    if promise is None or promise.donor is None:
        return None
    subject, paragraphs = PROMISE_MAILS[name]
    words = {
        "amount": money.show(promise.amount, promise.currency),
        "card": f" ({promise.card})" if promise.card else "",
        "expires": f"{promise.card_expires_on:%B %Y}" if promise.card_expires_on else "",
    }
    token = tokens.passing("mend", promise.pk)
    context = {
        "paragraphs": [paragraph.format(**words) for paragraph in paragraphs],
        "url": SUPPORT if name == "recurring_ended" else f"{SUPPORT}mend/{token}/",
        "button": "Give again" if name == "recurring_ended" else "Check my card",
    }
    return compose("promise", context, subject, promise.donor.email)


def manage_url(donor: Donor) -> str:
    return f"{SUPPORT}manage/{tokens.passing('manage', donor.pk)}/"
