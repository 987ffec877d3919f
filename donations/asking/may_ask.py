"""May we ask this person for support, by a mail? One rule, for every mail that asks.

Their newest word counts. “No” is a day on their row (``Donor.not_asked_since``), which the links of
reminders and their own page write; a wish of theirs to be asked, or a gift that they begin later,
takes it away again. Asked when a mail is written, not only when it is posted.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
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
    """Which must not go out, and why; those that may are not in it. By all addresses that a
    person has, or had."""
    index_of = {key: giving_index(one.email) for key, one in mails.items()}
    on_the_list = {key: list_index(one.email) for key, one in mails.items()}
    suppressed = Suppression.among(on_the_list.values())
    people = supporters.people(set(index_of.values()))
    noes = _noes({pk for theirs in people.values() for pk in theirs})
    last = supporters.last_given(set(index_of.values()))
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
    rest = [key for key in mails if key not in found]
    said = _said({index_of[key] for key in rest}, people)
    for key in rest:
        theirs = [row for row in said.get(index_of[key], []) if _counts(row.said_on, mails[key])]
        if any(row.open for row in theirs):
            found[key] = Why.LATER
        elif theirs and mails[key].wished_on and index_of[key] not in people:
            found[key] = Why.SAID_NO  # no row of theirs but this could tell
    return found


def why_not(mail: Asking) -> Why | None:
    return refused({0: mail}).get(0)


def _counts(said_on: date, mail: Asking) -> bool:
    return mail.wished_on is None or said_on >= mail.wished_on


def _noes(donors: Collection[int]) -> dict[int, date]:
    rows = Donor.objects.filter(pk__in=donors).values_list("pk", "not_asked_since")
    return {pk: day for pk, day in rows if day}


class _Said(NamedTuple):
    open: bool  # until a day; else that they want no more
    said_on: date


def _said(
    indexes: Collection[bytes], people: Mapping[bytes, Collection[int]]
) -> dict[bytes, list[_Said]]:
    """By “Remind me later” and its links, under any address of the same person. A wish that nobody
    has confirmed counts: whoever left it here does not want to be asked today."""
    addresses = supporters.addresses_of({pk for theirs in people.values() for pk in theirs})
    alias = {
        index: {index, *(other for pk in people.get(index, []) for other in addresses.get(pk, ()))}
        for index in indexes
    }
    rows = Deferral.objects.filter(
        email_index__any_of=list({one for several in alias.values() for one in several}),
        status__in=[*Deferral.OPEN, Status.CANCELLED],
    )
    by_address: dict[bytes, list[_Said]] = {}
    for address, status, wished, ended in rows.values_list(
        "email_index", "status", "created_on", "ended_on"
    ):
        is_open = status != Status.CANCELLED
        one = _Said(is_open, wished if is_open else ended or wished)
        by_address.setdefault(bytes(address), []).append(one)
    return {
        index: [one for address in several for one in by_address.get(address, [])]
        for index, several in alias.items()
    }


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
    emails = [one.email for one in keyset(said_no)] + [one.email for one in keyset(said_later)]
    return {list_index(email) for email in emails}
