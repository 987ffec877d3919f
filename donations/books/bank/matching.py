"""Which payout, or which gift, a line of the bank's is. Pure: what is sure is said, the rest is for
a person."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

EARLY, LATE = (
    timedelta(days=3),
    timedelta(days=10),
)  # the bank's day, from the one that was expected


class Candidate(NamedTuple):
    """What a line may be. ``names``: texts of which one in the line's makes it sure."""

    pk: str
    amount: int
    currency: str
    on: date
    names: Sequence[str] = ()


def possible(
    booked_on: date, amount: int, currency: str, found: Iterable[Candidate]
) -> list[Candidate]:
    """Those of the same amount and about that time, the nearest day first."""
    about_then = [one for one in found if one.on - EARLY <= booked_on <= one.on + LATE]
    return nearest(booked_on, amount, currency, about_then)


def nearest(
    booked_on: date, amount: int, currency: str, found: Iterable[Candidate]
) -> list[Candidate]:
    """Those of the same amount whenever they were, the nearest day first: a person may know of a
    cheque that lay in a drawer."""
    same = [one for one in found if (one.amount, one.currency) == (amount, currency)]
    return sorted(same, key=lambda one: (abs(booked_on - one.on), one.pk))


def the_one(text: str, found: Sequence[Candidate], says_who: str) -> Candidate | None:
    """Of those that are possible: the one that is named; or the only one, if the line says who it
    is from (“stripe”)."""
    plain = _plain(text)
    named = [one for one in found if any(_plain(name) in plain for name in one.names if name)]
    if len(named) == 1:
        return named[0]
    return found[0] if len(found) == 1 and says_who and _plain(says_who) in plain else None


def _plain(text: str) -> str:
    """Banks break references, and write them in capitals."""
    return re.sub(r"[\W_]", "", text).casefold()
