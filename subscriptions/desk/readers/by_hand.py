"""Readers whom a colleague adds: with the proof that they agreed, or with a mail that asks."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.models import Suppression
from subscriptions.models import Newsletter
from subscriptions.readers import signup

SOURCE = "by hand"
# How somebody agrees outside of this site, as the consent says it.
WAYS = {
    "on paper": "On paper, signed",
    "by mail": "In a mail from their address",
    "in person": "In person, to a colleague",
    "by telephone": "By telephone, to a colleague",
}


@dataclass(frozen=True)
class Proof:
    how: str  # one of WAYS
    on: date


class Refused(Exception):
    """Why nobody else may put that address on a list, in words for staff."""


def add(newsletter: Newsletter, email: str, proof: Proof | None) -> bool:
    """Put them on the list if there is proof, and welcome them: the mail tells them, and has the
    link to leave. Without proof they get the mail to confirm, as from the site. False: it caused
    no mail. Raises Refused."""
    with transaction.atomic():
        suppression = Suppression.of(list_index(email))
        if suppression and (proof or not suppression.owner_may_lift):
            raise Refused(
                f"This address gets no mail ({suppression.get_reason_display()}, "
                f"{suppression.since:%-d %B %Y}). Nobody is added while that stands: see "
                "“Suppressed addresses”."
            )
        subscription = signup.subscription_of(newsletter, email, SOURCE)
        if subscription.status == signup.Status.CONFIRMED:
            raise Refused(f"They are on the list of {newsletter.title} already.")
        left = subscription.unsubscribed_on
        if proof and left and proof.on <= left:
            raise Refused(
                f"They left on {left:%-d %B %Y}, and what they agreed to is not newer. Leave the "
                "proof out: then they are asked by mail."
            )
        if proof is None:
            return signup.sign_up(newsletter, email, SOURCE)
        signup.put_on_list(subscription, f"{SOURCE}: {proof.how}", agreed_on=proof.on)
        key = f"{subscription.pk}-{signup.decisions(subscription)}"
        return outbox.post("welcome", subscription.pk, key=key)
