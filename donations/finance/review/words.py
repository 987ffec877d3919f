"""What a colleague may read of a review. Words that may name somebody are for who may know donors;
everybody else sees what was done, by whom and when. ``knows``: may they?"""

from django.urls import reverse

from donations.models import Review, ReviewStep

SEALED = "(only for who may know donors)"
GONE = "(erased with the donor)"


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


def sides(review: Review) -> list[tuple[str, str, str]]:
    """Where the two sides of what does not agree are seen: whose, what, and its page."""
    Kind, pk = Review.Kind, review.about
    if pk == "all":
        return []
    theirs: dict[str, list[tuple[str, str, str]]] = {
        Kind.PAYOUT_SUM: [("Stripe’s", "the payout, and what it lists", _payout(pk))],
        Kind.NOT_IN_BANK: [
            ("Stripe’s", "the payout", _payout(pk)),
            ("The bank’s", "its lines", reverse("bank")),
        ],
        Kind.BANK: [
            ("The bank’s", "the line", reverse("bank_line", args=[pk]) if pk.isdecimal() else ""),
            ("Stripe’s", "all payouts", reverse("payouts:index")),
        ],
        Kind.BALANCE: [("Ours", "the ledger", reverse("books"))],
        Kind.SUSPENSE: [("Ours", "the ledger", reverse("books"))],
    }
    return [one for one in theirs.get(review.kind, []) if one[2]]


def _payout(pk: str) -> str:
    return reverse("payouts:inspect", args=[pk])
