"""Bookings that were computed by hand, for what money does at Stripe."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.books import postings
from donations.books.postings import BY_CATEGORY, BY_TYPE, Fee, Moved, Postings
from donations.models.books import Account
from donations.models.books.account import Account as A

USUAL, TAX = "stripe_fee", "tax"


def moved(
    kind: str, category: str, amount: int, *fees: Fee, first: int | None = None, words: str = ""
) -> Moved:
    net = amount - sum(fee.amount for fee in fees)
    return Moved(kind, category, amount, net, fees, words, first)


# What happened, one thing after the other, and where the money is then. Fees are examples.
BY_HAND: dict[str, tuple[list[Postings], dict[Account, int]]] = {
    "USD 100 by card, paid out, in the bank": (
        [
            postings.of(moved("charge", "charge", 10000, Fee(USUAL, 320))),
            postings.of(moved("payout", "payout", -9680)),
            {A.BANK: 9680, A.TRANSIT: -9680},
        ],
        {A.BANK: 9680, A.FEES: 320, A.DONATIONS: -10000},
    ),
    "EUR 50, 20 given back, whose fee Stripe keeps, paid out": (
        [
            postings.of(moved("charge", "charge", 5000, Fee(USUAL, 100))),
            postings.of(moved("refund", "refund", -2000)),
            postings.of(moved("payout", "payout", -2900)),
        ],
        {A.TRANSIT: 2900, A.FEES: 100, A.DONATIONS: -5000, A.REFUNDS: 2000},
    ),
    "JPY 3,000: no decimals": (
        [
            postings.of(moved("charge", "charge", 3000, Fee(USUAL, 108))),
            postings.of(moved("payout", "payout", -2892)),
        ],
        {A.TRANSIT: 2892, A.FEES: 108, A.DONATIONS: -3000},
    ),
    "KWD 25.000: three decimals, all given back, the balance is below zero": (
        [
            postings.of(moved("charge", "charge", 25000, Fee(USUAL, 1040))),
            postings.of(moved("refund", "refund", -25000)),
        ],
        {A.CLEARING: -1040, A.FEES: 1040, A.DONATIONS: -25000, A.REFUNDS: 25000},
    ),
    "a refund that the bank sends back": (
        [
            postings.of(moved("charge", "charge", 5000, Fee(USUAL, 100))),
            postings.of(moved("refund", "refund", -5000)),
            postings.of(moved("refund_failure", "refund_failure", 5000)),
        ],
        {A.CLEARING: 4900, A.FEES: 100, A.DONATIONS: -5000},
    ),
    "… booked as a refund above zero, as for what is no card": (
        [
            postings.of(moved("payment_refund", "refund", -5000)),
            postings.of(moved("payment_refund", "refund", 5000)),
        ],
        {},
    ),
    "a dispute that is lost": (
        [
            postings.of(moved("adjustment", "dispute", -10000, Fee(USUAL, 1500))),
            postings.dispute_ended(10000, lost=True),
        ],
        {A.CLEARING: -11500, A.DISPUTE_FEES: 1500, A.DISPUTE_LOSS: 10000},
    ),
    "a dispute that was countered and won after the payout: one of two fees comes back": (
        [
            postings.of(moved("adjustment", "dispute", -10000, Fee(USUAL, 1500))),
            postings.of(moved("stripe_fee", "fee", -1500, words="Dispute countered fee")),
            postings.of(moved("adjustment", "dispute_reversal", 10000, Fee(USUAL, -1500))),
            postings.dispute_ended(0, lost=False),
        ],
        {A.CLEARING: -1500, A.DISPUTE_FEES: 1500},
    ),
    "a payout that was paid and came back": (
        [
            postings.of(moved("payout", "payout", -4900)),
            {A.BANK: 4900, A.TRANSIT: -4900},
            postings.of(moved("payout_failure", "payout_reversal", 4900)),
            {A.BANK: -4900, A.TRANSIT: 4900},
        ],
        {},
    ),
    "a payout below zero: Stripe takes from the bank": (
        [
            postings.of(moved("charge", "charge", 5000, Fee(USUAL, 175))),
            postings.of(moved("adjustment", "dispute", -10000, Fee(USUAL, 1500))),
            postings.of(moved("payout", "payout", 6675)),
            {A.BANK: -6675, A.TRANSIT: 6675},
        ],
        {A.BANK: -6675, A.FEES: 175, A.DISPUTE_FEES: 1500, A.DONATIONS: -5000, A.CONTESTED: 10000},
    ),
    "EUR 100 settled as USD 108.23, given back at another rate": (
        [
            postings.of(
                moved(
                    "charge", "charge", 10823,
                    Fee(USUAL, 344), Fee(USUAL, 108, "Stripe currency conversion fee"),
                )
            ),
            postings.of(moved("refund", "refund", -11000, first=10823)),
        ],
        {
            A.CLEARING: -629, A.FEES: 344, A.FX_FEES: 108, A.DONATIONS: -10823,
            A.REFUNDS: 10823, A.FX_RESULT: 177,
        },
    ),
    "a SEPA debit with tax on its fee, confirmed, taken back weeks later": (
        [
            postings.of(moved("payment", "charge", 3000, Fee(USUAL, 35), Fee(TAX, 7))),
            postings.confirmed(3000),
            postings.of(moved("adjustment", "dispute", -3000, Fee(USUAL, 1000))),
            postings.dispute_ended(3000, lost=True),
        ],
        {
            A.CLEARING: -1042, A.FEES: 35, A.FEE_TAX: 7, A.DISPUTE_FEES: 1000,
            A.DISPUTE_LOSS: 3000, A.DONATIONS: -3000,
        },
    ),
    "a debit that the bank refuses": (
        [
            postings.of(moved("payment", "charge", 3000, Fee(USUAL, 35))),
            postings.of(moved("payment_failure_refund", "charge_failure", -3000)),
        ],
        {A.CLEARING: -35, A.FEES: 35},
    ),
    "fees that are billed by themselves, and one that comes back": (
        [
            postings.of(moved("stripe_fee", "fee", -500)),
            postings.of(moved("stripe_fx_fee", "fee", -40)),
            postings.of(moved("tax_fee", "tax", -95)),
            postings.of(moved("stripe_fee", "fee", 100)),
        ],
        {A.CLEARING: -535, A.FEES: 400, A.FX_FEES: 40, A.FEE_TAX: 95},
    ),
    "what is held back, and released": (
        [
            postings.of(moved("reserved_funds", "risk_reserved_funds", -800)),
            postings.of(moved("reserved_funds", "risk_reserved_funds", 300)),
        ],
        {A.CLEARING: -500, A.RESERVE: 500},
    ),
    "a kind that nobody knows": (
        [postings.of(moved("moonlight", "moonlight", -700, Fee("starlight", 3)))],
        {A.CLEARING: -703, A.SUSPENSE: 703},
    ),
    "a fee that no detail names": (
        [postings.of(Moved("charge", "charge", 1000, 950))],
        {A.CLEARING: 950, A.FEES: 50, A.DONATIONS: -1000},
    ),
    "nothing": ([postings.of(moved("charge", "charge", 0))], {}),
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_books_say_what_was_computed_by_hand(what: str) -> None:
    booked, by_hand = BY_HAND[what]
    where: Counter[Account] = Counter()
    for one in booked:
        assert sum(one.values()) == 0
        for account, amount in one.items():
            where[account] += amount
    assert {account: amount for account, amount in where.items() if amount} == by_hand


amounts = st.integers(-(10**12), 10**12)
names = st.sampled_from([*BY_TYPE, *BY_CATEGORY, "charge", "adjustment", "moonlight", ""])
fees = st.builds(
    Fee, st.sampled_from([*postings.BY_FEE, "starlight"]), amounts, st.text(max_size=9)
)


@given(names, names, amounts, amounts, st.lists(fees, max_size=4), st.none() | amounts)
def test_whatever_stripe_sends_is_balanced_and_lost_nowhere(
    kind: str, category: str, amount: int, net: int, fees: list[Fee], first: int | None
) -> None:
    found = postings.of(Moved(kind, category, amount, net, tuple(fees), "", first))
    assert sum(found.values()) == 0 and all(found.values())
    assert found.get(Account.CLEARING, 0) == net


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.lists(st.integers(1, 10**8), min_size=1))
def test_parts_that_go_back_come_to_what_the_gift_had_come_to(
    came_to: int, given: int, parts: list[int]
) -> None:
    back, at_the_first_rate = 0, 0
    for part in [*parts, given]:
        part = min(part, given - back)
        at_the_first_rate += postings.share(came_to, given, back, part)
        back += part
    assert back == given and at_the_first_rate == came_to
