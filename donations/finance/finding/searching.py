"""What somebody typed, read in every way that it makes sense; each way asks an index.

An address and a name are found whole or not at all: they are sealed, and known by a keyed hash.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Q

from donations import money
from donations.finance.common.totals import different
from donations.models import BalanceTransaction, Contribution, Donor, Note
from newsroom.core.privacy import card_index, donor_name_index, giving_index

MOST = 50
RECEIPT = re.compile(r"(\d{4})-0*(\d{1,9})")
STRIPE = re.compile(r"[a-z]{2,5}_\w+")
NUMBER = re.compile(r"donor\s*(\d{1,18})", re.IGNORECASE)
# The beginning of Stripe's id -> where it stands.
STRIPE_IDS = {
    "pi": "stripe_payment_intent",
    "ch": "stripe_charge",
    "py": "stripe_charge",
    "in": "stripe_invoice",
    "cus": "stripe_customer",
    "sub": "recurring__stripe_subscription",
    "re": "stripe_refunds__stripe_refund",
    "pyr": "stripe_refunds__stripe_refund",
    "dp": "disputes__stripe_dispute",
    "du": "disputes__stripe_dispute",
}


@dataclass(frozen=True)
class Reading:
    """One way to read it, and what that found: the newest contributions, or a donor."""

    words: str
    contributions: tuple[Contribution, ...] = ()
    donor: Donor | None = None

    @property
    def full(self) -> bool:
        return len(self.contributions) == MOST


def find(typed: str, *, identities: bool) -> list[Reading]:
    """Only ways that found something. ``identities``: also by whose it is."""
    typed = " ".join(typed.split())
    found = [*_contributions(typed), *_by_person(typed, identities)]
    return [one for one in found if one.contributions or one.donor]


def _by_person(typed: str, identities: bool) -> Iterator[Reading]:
    if number := NUMBER.fullmatch(typed):
        yield from _each("Number of a donor", Q(pk=int(number[1])))
    if not identities:  # a note may name somebody, too
        return
    if "@" in typed:
        owners = Donor.objects.of_address(giving_index(typed))
        yield from (Reading("Address", donor=donor) for donor in owners[:MOST])
        return
    noted = Note.objects.with_words(typed).order_by("-pk").values_list("contribution", flat=True)
    if any(one.isalnum() for one in typed):
        yield Reading("Word of a note", _newest(Q(pk__in=list(noted[:MOST]))))
    if any(one.isalpha() for one in typed):
        yield from _each("Name", Q(name_index=donor_name_index(typed)))


def _each(words: str, wanted: Q) -> Iterator[Reading]:
    donors = Donor.objects.filter(wanted).order_by("-pk")
    return (Reading(words, donor=donor) for donor in donors[:MOST])


def _contributions(typed: str) -> Iterator[Reading]:
    if receipt := RECEIPT.fullmatch(typed):
        by = Q(receipt__year=int(receipt[1]), receipt__number=int(receipt[2]))
        yield Reading("Receipt", _newest(by))
    if STRIPE.fullmatch(typed):
        yield Reading("Stripe’s id", _newest(_by_stripe_id(typed)))
        return
    if re.fullmatch(r"\d{4}", typed, re.ASCII):
        yield Reading("Last digits of the card", _newest(Q(last_four_index=card_index(typed))))
    if any(one.isdecimal() for one in typed) and len(typed) < 40:
        yield from _amounts(typed)


def _by_stripe_id(typed: str) -> Q:
    kind = typed.partition("_")[0]
    if kind == "po":
        in_it = BalanceTransaction.objects.filter(payout=typed).exclude(charge="")
        return Q(stripe_charge__in=in_it.values("charge"))
    if kind == "txn":
        moved = BalanceTransaction.objects.filter(pk=typed).exclude(charge="")
        return Q(stripe_charge__in=list(moved.values_list("charge", flat=True)))
    return Q(**{STRIPE_IDS[kind]: typed}) if kind in STRIPE_IDS else Q(pk__in=[])


def _amounts(typed: str) -> Iterator[Reading]:
    """“50”, “12,50 €”, “CHF 20”: in each currency in which it can be read. Of each sum in the
    smallest unit the newest are read from an index."""
    meant = []
    for code in different("currency"):
        try:
            meant.append((money.parse(typed, code, any_size=True), code))
        except money.Ambiguous as error:
            meant += [(amount, code) for amount in error.choices]
        except money.BadAmount:
            continue
    for amount, pairs in groupby(sorted(meant), key=lambda pair: pair[0]):
        codes = [code for _, code in pairs]
        shown = ", ".join(money.show(amount, code) for code in codes)
        yield Reading(f"Amount: {shown}", _newest(Q(amount=amount, currency__in=codes)))


def _newest(by: Q) -> tuple[Contribution, ...]:
    rows = Contribution.objects.filter(by).select_related("donor", "checkout", "receipt")
    return tuple(rows.order_by("-created_at")[:MOST])
