"""May we ask this person for support, by a mail? One rule, for every mail that asks.

Their newest word counts. “No” is a day on their row (``Donor.not_asked_since``), which the links of
reminders and their own page write; a wish of theirs to be asked, or a gift that they begin later,
takes it away again. Asked when a mail is written, not only when it is posted.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeVar

from django.utils import timezone

from donations.asking import supporters
from donations.models import Deferral, Donor
from newsroom.core.database import keyset
from newsroom.core.privacy import giving_index, list_index
from newsroom.models import Suppression

Key = TypeVar("Key")
Status = Deferral.Status


class Why(StrEnum):
    """Not; the first that is true of them."""

    SUPPRESSED = "suppressed"  # no mail at all goes there
    SAID_NO = "no"
    GIVES = "gives"
    LATER = "later"  # they said when, and get that mail


class Asking(NamedTuple):
    """A mail that asks: where to, and since when a gift is why it is not wanted.

    ``wished_on``: they agreed to it that day, so that what they said before is overtaken. None:
    nobody asked for it, so whatever they said holds.
    """

    email: str
    gave_since: datetime
    wished_on: date | None = None


def refused(mails: Mapping[Key, Asking]) -> dict[Key, Why]:
    """Which must not go out, whatever else their person waits for, and why; those that may are not
    in it. By all addresses that a person has, or had."""
    index_of = {key: giving_index(one.email) for key, one in mails.items()}
    on_the_list = {key: list_index(one.email) for key, one in mails.items()}
    suppressed = Suppression.among(on_the_list.values())
    people = supporters.people(set(index_of.values()))
    noes = _noes({pk for theirs in people.values() for pk in theirs})
    last = supporters.last_given(people)
    found: dict[Key, Why] = {}
    for key, one in mails.items():
        index = index_of[key]
        mine = people.get(index, [])
        gave = last.get(index)
        if on_the_list[key] in suppressed:
            found[key] = Why.SUPPRESSED
        elif any(pk in noes and _counts(noes[pk], one) for pk in mine):
            found[key] = Why.SAID_NO
        elif gave is not None and gave >= one.gave_since:
            found[key] = Why.GIVES
    return found


def why_not(mail: Asking) -> Why | None:
    """Of one, and also if its person waits for another."""
    return refused({0: mail}).get(0) or _said(mail)


def _counts(said_on: date, mail: Asking) -> bool:
    return mail.wished_on is None or said_on >= mail.wished_on


def _noes(donors: Collection[int]) -> dict[int, date]:
    rows = Donor.objects.filter(pk__in=donors).values_list("pk", "not_asked_since")
    return {pk: day for pk, day in rows if day}


def _said(mail: Asking) -> Why | None:
    """By “Remind me later” and its links, under any address of the same person. A wish that nobody
    has confirmed counts: whoever left it here does not want to be asked today."""
    index = giving_index(mail.email)
    people = list(Donor.objects.of_address(index))
    rows = Deferral.objects.filter(status__in=[*Deferral.OPEN, Status.CANCELLED])
    of_them = chain(rows.of_address(index), *map(rows.of_donor, people))
    theirs = [one for one in of_them if _counts(_said_on(one), mail)]
    if any(one.status != Status.CANCELLED for one in theirs):
        return Why.LATER
    if theirs and mail.wished_on and not people:
        return Why.SAID_NO  # no row of theirs but this could tell
    return None


def _said_on(deferral: Deferral) -> date:
    ended_on = deferral.ended_on if deferral.status == Status.CANCELLED else None
    return ended_on or deferral.created_on


# --- What they say ---------------------------------------------------------------------------


def not_any_more(donors: Collection[int], now: datetime) -> None:
    """They said that we should not ask: nothing they have wished for is sent any more, either."""
    for donor in Donor.objects.filter(pk__in=donors):
        for wish in Deferral.objects.of_donor(donor).filter(status__in=Deferral.OPEN):
            wish.end(Status.CANCELLED, now)
    Donor.objects.filter(pk__in=donors).update(not_asked_since=timezone.localdate(now))


def again(donors: Collection[int]) -> None:
    """They said that we may."""
    Donor.objects.filter(pk__in=donors).exclude(not_asked_since=None).update(not_asked_since=None)


def whose(email_index: bytes) -> list[int]:
    return list(Donor.objects.of_address(email_index).values_list("pk", flat=True))


def not_asked_on_the_list() -> set[bytes]:
    """Whom no issue asks: who said no, or “later” and has not been asked since. By the index that
    their address has as a reader's (``list_index``), so addresses are opened."""
    said_no = Donor.objects.exclude(not_asked_since=None).only("email")
    said_later = Deferral.objects.filter(status=Status.WAITING).only("email")
    return {list_index(one.email) for one in keyset(said_no)} | {
        list_index(one.email) for one in keyset(said_later)
    }
