"""Which payment methods the giving page shows, drawn by ourselves: no logo of anybody is loaded."""

from dataclasses import dataclass

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsroom.kept_pages.noting import remembered

METHODS = "payment methods"  # in the cache: what Stripe says is turned on
USUAL = ["card", "apple_pay", "google_pay", "sepa_debit"]  # until Stripe has been asked


@dataclass(frozen=True)
class Method:
    """A name, and the picture of it in templates/donations/giving/methods.html."""

    icon: str
    label: str | Promise


# Stripe's name ("Payment Method Configuration object") -> what we show; others by their name.
KNOWN = {
    "card": Method("card", _("Card")),
    "apple_pay": Method("phone", "Apple Pay"),
    "google_pay": Method("phone", "Google Pay"),
    "sepa_debit": Method("bank", "SEPA"),
    "ideal": Method("bank", "iDEAL"),
    "bancontact": Method("bank", "Bancontact"),
    "blik": Method("phone", "BLIK"),
    "p24": Method("bank", "Przelewy24"),
    "paypal": Method("wallet", "PayPal"),
    "link": Method("wallet", "Link"),
    "us_bank_account": Method("bank", _("US bank account")),
}


@remembered
def shown() -> list[Method]:
    names = cache.get(METHODS) or USUAL
    return [KNOWN.get(name) or Method("wallet", name.replace("_", " ").title()) for name in names]
