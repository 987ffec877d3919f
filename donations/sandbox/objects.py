"""What all of the sandbox's objects share: ids, the contract, events about each change.

Every function of billing/, payments.py, balance.py and checkout.py mirrors what
Stripe documents for the pinned API version; what is assumed stands in docs/stripe-assumptions.md.
"""

import secrets
from typing import Any

import stripe

from . import faults
from .contract import problems, skeleton
from .store import Store

Object = dict[str, Any]

DAY = 24 * 3600


class Card:
    """Stripe's test cards ("Test card numbers"), by what they do."""

    VISA = "4242424242424242"
    DECLINED = "4000000000000002"
    AUTHENTICATE = "4000002500003155"
    FAILS_LATER = "4000000000000341"
    DISPUTED = "4000000000000259"
    INQUIRY = "4000000000001976"
    FRAUD_WARNING = "4000000000005423"
    REFUND_FAILS = "4000000000005126"
    ALWAYS_AUTHENTICATE = "4000002760003184"


class Iban:
    """Test accounts for SEPA Direct Debit ("SEPA Direct Debit payments": test), by what they do.

    CLOSED_LATER is the sandbox's own: it pays once, then the account is closed.
    """

    PAYS = "DE89370400440532013000"
    FAILS = "DE62370400440532013001"
    DISPUTED = "DE35370400440532013002"
    CLOSED_LATER = "DE08370400440532013003"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(18).replace('-', 'x').replace('_', 'y')}"


def save(store: Store, data: Object, parent: str = "") -> Object:
    """Store an object; one that breaks the contract is a bug of the sandbox and stops it."""
    if broken := problems(data):
        raise AssertionError("; ".join(broken))
    store.put(data, parent)
    return data


def emit(store: Store, kind: str, data: Object) -> None:
    """Tell about a change, with the object as it is now ("Event object")."""
    event = skeleton(
        stripe.Event,
        id=new_id("evt"),
        api_version=stripe.api_version,
        created=store.now(),
        type=kind,
        pending_webhooks=1,
        data={"object": data},
    )
    store.put(event)
    if faults.befalls(store, faults.UNDELIVERED):
        return
    late = faults.befalls(store, faults.LATE)
    if faults.befalls(store, faults.DOUBLED):
        store.set_fact(f"send twice {event['id']}", "yes")
    # Reordered: each of these comes so much earlier or later than it would.
    shuffled = secrets.randbelow(5) if faults.befalls(store, faults.REORDERED) else 0
    store.deliver(event["id"], late["days"] * DAY if late else shuffled)
