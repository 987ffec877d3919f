"""What a colleague may read of a review. Words that may name somebody are for who may know donors;
everybody else sees what was done, by whom and when. ``knows``: may they?"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from donations.models import Account, BalanceTransaction, Payout, Review, ReviewStep

SEALED = "(only for who may know donors)"
GONE = "(erased with the donor)"
BANKS = "The bank’s"


def why(review: Review, knows: bool) -> str:
    if review.kind in Review.MAY_NAME and not knows:
        return " ".join(filter(None, [review.shown_amount, SEALED]))
    return str(review.why)


def decision(review: Review, knows: bool) -> str:
    """What was written with it; what happened by itself names nobody."""
    chosen = review.get_choice_display()
    if not (review.settled or knows):
        return chosen
    return ": ".join(filter(None, [chosen, review.decision]))


def of_step(step: ReviewStep, knows: bool) -> str:
    if step.text and step.what not in ReviewStep.OURS and not knows:
        return SEALED
    return str(step.text) or ("" if step.is_intact else GONE)


def sides(review: Review, sees_bank: bool) -> list[tuple[str, str, str]]:
    """Where the two sides of what does not agree, or is disputed, are seen: whose, what, and its
    page. Our side of what is about a contribution is that; what is not mirrored yet has no page."""
    find = SIDES.get(review.kind)
    found = find(review) if find and review.about != "all" else []
    return [one for one in found if one[2] and (sees_bank or one[0] != BANKS)]


def _payout(review: Review) -> list[tuple[str, str, str]]:
    found = Payout.objects.filter(pk=review.about).exists()
    url = reverse("payouts:inspect", args=[review.about]) if found else ""
    return [("Stripe’s", "the payout, and what it lists", url)]


def _not_in_bank(review: Review) -> list[tuple[str, str, str]]:
    return [*_payout(review), (BANKS, "its lines", reverse("bank"))]


def _bank_line(review: Review) -> list[tuple[str, str, str]]:
    line, known = review.about, review.about.isdecimal()
    return [
        (BANKS, "the line", reverse("bank_line", args=[line]) if known else ""),
        ("Stripe’s", "all payouts", reverse("payouts:index")),
    ]


def _balance(review: Review) -> list[tuple[str, str, str]]:
    account = reverse("account", args=[review.about[:3], Account.CLEARING])
    return [
        ("Stripe’s", "its balance", f"{settings.STRIPE_DASHBOARD}/balance/overview"),
        ("Our", f"what is “{Account.CLEARING.label}” in the ledger", account),
    ]


def _charge(review: Review) -> list[tuple[str, str, str]]:
    moved = BalanceTransaction.objects.of_charge(review.about)
    return [("Stripe’s", "the charge", _at_stripe(review.about)), *_booked(moved)]


def _no_charge(review: Review) -> list[tuple[str, str, str]]:
    charge = review.contribution.stripe_charge if review.contribution else ""
    moved = BalanceTransaction.objects.of_charge(charge)
    return [("Stripe’s", "the payment", _at_stripe(review.about)), *_booked(moved)]


def _suspense(review: Review) -> list[tuple[str, str, str]]:
    return _booked(BalanceTransaction.objects.filter(pk=review.about))


def _dispute(review: Review) -> list[tuple[str, str, str]]:
    """Where it is answered, and what was noted for the answer."""
    return [
        (
            "Stripe’s",
            "the dispute",
            f"{settings.STRIPE_DASHBOARD}/disputes/{review.about}",
        ),
        ("Our", "what speaks for us", reverse("disputes")),
    ]


def _at_stripe(pk: str) -> str:
    return f"{settings.STRIPE_DASHBOARD}/payments/{pk}"


def _booked(moved: QuerySet[BalanceTransaction]) -> list[tuple[str, str, str]]:
    """The movement, as it is booked."""
    row = moved.exclude(booking=None).first()
    return [("Our", "its booking", reverse("booking", args=[row.booking_id]))] if row else []


SIDES: dict[str, Callable[[Review], list[tuple[str, str, str]]]] = {
    Review.Kind.PAYOUT: _payout,
    Review.Kind.PAYOUT_SUM: _payout,
    Review.Kind.NOT_IN_BANK: _not_in_bank,
    Review.Kind.BANK: _bank_line,
    Review.Kind.BALANCE: _balance,
    Review.Kind.CHARGE: _charge,
    Review.Kind.NO_CHARGE: _no_charge,
    Review.Kind.SUSPENSE: _suspense,
    Review.Kind.INQUIRY: _dispute,
    Review.Kind.DISPUTE: _dispute,
    Review.Kind.APPEAL: _dispute,
}
