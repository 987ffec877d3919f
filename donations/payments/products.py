"""Stripe's Products, one for each frequency, named as the setting says.

What stands on a statement about a subscription is its Product's descriptor ("Statement
descriptors"), so one that is changed, or taken back, is so for everybody who gives regularly.
"""

from collections.abc import Callable
from typing import TypeVar

import stripe

from donations.models import GivingWords
from donations.payments import gateway
from donations.payments.leases import lease

T = TypeVar("T")


def put_all() -> None:
    """Make them, or bring them up to date. Each is told the newest setting by whoever holds the
    lease: who was too slow overwrites nothing.

    Raises gateway.Unavailable, stripe.StripeError.
    """
    with lease("products") as mine:
        for frequency in gateway.PRODUCTS:
            mine.renew()
            gateway.put_product(frequency, GivingWords.load().statement_descriptor)


def with_products(call: Callable[[str], T], key: str) -> T:
    """A call that names a Product, again if Stripe has none yet: the account is new.

    The refusal is the key's answer from now on ("Idempotent requests"): the second call has
    another. Raises what the call does.
    """
    try:
        return call(key)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing" or "product" not in (error.param or ""):
            raise
    put_all()
    return call(f"{key}-with-products")
