"""A donor asks by mail or telephone: a colleague stops what they give, or sets another amount.

As on the donor's own page (giving/recurring_changes.py), with who did it and why; then they get a
mail, so nobody stops anything behind their back.
"""

from typing import Any

import stripe
from django.utils import timezone
from django.utils.functional import Promise

from donations.giving import recurring_changes
from donations.giving.recurring_changes import RecurringChangeForm
from donations.models import RecurringChange
from donations.payments import gateway

What = RecurringChange.What
OFFERED = (What.CANCEL, What.AMOUNT)


class NotChanged(Exception):
    """Why not; the message is for finance."""


class Overtaken(NotChanged):
    """This press was done long ago, with its words; something else came after it."""


def change(form: RecurringChangeForm, by: Any, why: str) -> str | Promise:
    """What a valid form says, once however often it is sent; in the words that a donor would read.
    Raises NotChanged."""
    try:
        return recurring_changes.apply(form, timezone.now(), by=by, why=why)
    except recurring_changes.NotChangeable as error:
        raise NotChanged("It is made in another way than ours are. Change it at Stripe.") from error
    except recurring_changes.Stale as error:
        raise Overtaken("It has changed since. Please look at it again.") from error
    except stripe.InvalidRequestError as error:
        raise NotChanged(f"Stripe refuses: {error.user_message or error.code}") from error
    except gateway.FAILURES as error:
        raise NotChanged("Stripe did not take it. Please press again.") from error
