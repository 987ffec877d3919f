"""One function per mail: from a row's id to the message, or None when it is no longer due.

Subjects are the editors' (GivingWords), neutral by default.
"""

from typing import Any

from anymail.message import AnymailMessage

from donations import money
from donations.giving.links import manage_url
from donations.models import (
    Checkout,
    Contribution,
    Donor,
    GivingWords,
    RecurringContribution,
)
from donations.payments import gateway
from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.compose import compose
from newsroom.models import Suppression
from newsroom.web.http import absolute_url

SUPPORT = absolute_url("/support/")


def thanks(contribution_id: int) -> AnymailMessage | None:
    found = Contribution.objects.select_related("donor", "recurring", "receipt")
    contribution = found.filter(pk=contribution_id).first()
    if contribution is None or contribution.donor is None:
        return None
    context = {
        "contribution": contribution,
        "manage": manage_url(contribution.donor),
        "name": contribution.donor.name,
    }
    return compose(
        "donations/email/thanks", context, GivingWords.load().thanks, contribution.donor.email
    )


def contribution_failed(contribution_id: int) -> AnymailMessage | None:
    """A debit that the page called on its way was refused by the bank, days later."""
    found = Contribution.objects.select_related("donor").filter(pk=contribution_id)
    contribution = found.filter(status=Contribution.Status.FAILED).first()
    if contribution is None or contribution.donor is None:
        return None
    context = {
        "paragraphs": [
            f"Your bank has not let your payment of {contribution.shown_amount} through. "
            "Nothing was charged, and nothing is owed.",
            "Should you want to try again, perhaps another way:",
        ],
        "url": SUPPORT,
        "button": "Try again",
    }
    return compose(
        "newsroom/email/notice",
        context,
        GivingWords.load().payment_failed,
        contribution.donor.email,
    )


def recovery(checkout_id: int) -> AnymailMessage | None:
    """To who left Stripe's page and agreed there to be asked once. Their address is Stripe's: it
    is read now and not kept."""
    checkout = Checkout.objects.filter(pk=checkout_id, contributions=None).first()
    if checkout is None or not checkout.session_id:
        return None
    session = gateway.session(checkout.session_id)
    email = session.customer_details.email if session.customer_details else None
    after = session.after_expiration
    url = after.recovery.url if after and after.recovery else None
    if not email or not url or Suppression.of(list_index(email)):
        return None
    context = {
        "paragraphs": [
            "You were about to give, and something came between. If you like, go on where you "
            "left off. We won't ask again.",
        ],
        "url": url,
        "button": "Go on",
    }
    return compose("newsroom/email/notice", context, GivingWords.load().recovery, email)


def manage_link(donor_id: int) -> AnymailMessage | None:
    donor = Donor.objects.filter(pk=donor_id).first()
    if donor is None:
        return None
    context = {"url": manage_url(donor)}
    return compose(
        "donations/email/manage_link", context, GivingWords.load().manage_link, donor.email
    )


# What each of these mails says about a recurring contribution. GivingWords has its subject.
RECURRING_MAILS: dict[str, list[str]] = {
    "payment_failed": [
        "Your last payment of {amount} did not go through{card}. That happens: cards expire, "
        "limits are reached, accounts are closed.",
        "It is tried again in the next days. If your card or account has changed, please tell "
        "us here:",
    ],
    "action_required": [
        "Your bank wants to hear from you before it lets your payment of {amount} through{card}.",
        "One press on the page behind this button is enough:",
    ],
    "last_call": [
        "Your payment of {amount} has failed several times{card}. If it fails once more, what "
        "you give regularly ends by itself, and nothing is owed.",
        "If you would like it to go on, please check your card:",
    ],
    "recurring_ended": [
        "What you gave regularly, {amount}, has ended. Nothing more is charged.",
        "Thank you for all of it. Should you want to begin again, now or later:",
    ],
    "card_expiring": [
        "The card{card} with which you give {amount} is good until {expires} only.",
        "Your bank may have told us about a new one already. If not, please enter it here:",
    ],
}
BUTTONS = {"recurring_ended": "Give again", "action_required": "Answer my bank"}
UPDATE_PAYMENT_SECONDS = 21 * 24 * 3600  # as long as Stripe may go on trying


def payment_failed(recurring_id: int) -> AnymailMessage | None:
    return _about_recurring("payment_failed", recurring_id, status="past_due")


def action_required(recurring_id: int) -> AnymailMessage | None:
    return _about_recurring("action_required", recurring_id, status="past_due")


def last_call(recurring_id: int) -> AnymailMessage | None:
    return _about_recurring("last_call", recurring_id, status="past_due")


def recurring_ended(recurring_id: int) -> AnymailMessage | None:
    return _about_recurring("recurring_ended", recurring_id, ended_at__isnull=False)


def card_expiring(recurring_id: int) -> AnymailMessage | None:
    return _about_recurring("card_expiring", recurring_id, status__in=RecurringContribution.GOING)


def _about_recurring(name: str, pk: int, **still: Any) -> AnymailMessage | None:
    """``still``: what has to be true at the moment of sending for the mail to make sense."""
    found = RecurringContribution.objects.select_related("donor").filter(pk=pk, **still)
    recurring = found.first()
    if recurring is None or recurring.donor is None:
        return None
    words = {
        "amount": money.show(recurring.amount, recurring.currency),
        "card": f" ({recurring.card})" if recurring.card else "",
        "expires": f"{recurring.card_expires_on:%B %Y}" if recurring.card_expires_on else "",
    }
    token = tokens.expiring("update payment", recurring.pk)
    context = {
        "paragraphs": [paragraph.format(**words) for paragraph in RECURRING_MAILS[name]],
        "url": SUPPORT if name == "recurring_ended" else f"{SUPPORT}update-payment/{token}/",
        "button": BUTTONS.get(name, "Check my card"),
    }
    subject = getattr(GivingWords.load(), name)
    return compose("newsroom/email/notice", context, subject, recurring.donor.email)
