"""Who gave something, as the newsroom's block list knows them."""

from donations.models import BlockedMark, Contribution, Review

Kind = BlockedMark.Kind


def marks_of(contribution: Contribution) -> list[tuple[str, bytes]]:
    """What is known of it that may be blocked: not the name, which is many people's."""
    donor, checkout = contribution.donor, contribution.checkout
    known = [
        (Kind.ADDRESS, donor.email_index if donor else None),
        (Kind.CARD, contribution.instrument_index),
        (Kind.NETWORK, checkout.network_index if checkout else None),
    ]
    return [(str(kind), bytes(index)) for kind, index in known if index is not None]


def in_words(contribution: Contribution) -> list[str]:
    return [Kind(kind).label.lower() for kind, _ in marks_of(contribution)]


def put(contribution: Contribution, review: Review, who: str) -> bool:
    """False when nothing is known of who gave it."""
    marks = marks_of(contribution)
    why = f"By the review “{review.get_kind_display()}” of {contribution.shown_amount}."
    BlockedMark.objects.put(marks, who, why, review=review)
    return bool(marks)
