"""A statement is taken in, its lines are matched and booked; people explain what is left, and take
that back. Each line is there once, in however many files it came."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from donations import money
from donations.books.bank import matching
from donations.books.bank.line import Line
from donations.books.bank.matching import Candidate
from donations.books.booking import Entry, write
from donations.models import (
    Account,
    BankFile,
    BankLine,
    Booking,
    Contribution,
    OfflineGift,
    Payout,
    Review,
)
from newsroom.core.database import keyset

IN_HAND = timedelta(days=90)  # until it is brought to the bank
STRIPE = "stripe"  # stands in the bank's text of its payouts


class Taken(NamedTuple):
    new: int
    known: int
    matched: int


class NotSo(Exception):
    """It can't be explained that way; the message says why."""


def take_in(name: str, kind: str, lines: list[Line], who: str) -> Taken:
    """All of it or nothing. Twice changes nothing; overlapping times are no harm."""
    keys = list(_keys(lines))
    with transaction.atomic():
        known = set(BankLine.objects.filter(key__in=keys).values_list("key", flat=True))
        days = [line.booked_on for line in lines]
        if new := [(key, line) for key, line in zip(keys, lines, strict=True) if key not in known]:
            file = BankFile.objects.create(
                name=name[:200], kind=kind, who=who, first_on=min(days), last_on=max(days)
            )
            # Another upload of the same at the same moment waits here, and then adds nothing.
            BankLine.objects.bulk_create(
                [
                    BankLine(
                        file=file, key=key, booked_on=line.booked_on, amount=line.amount,
                        currency=line.currency, text=line.text,
                    )
                    for key, line in new
                ],
                ignore_conflicts=True,
            )  # fmt: skip
        matched = match()
    return Taken(len(new), len(lines) - len(new), matched)


def _keys(lines: list[Line]) -> Iterator[str]:
    """What a line says, and which of those that say the same it is."""
    seen: Counter[Line] = Counter()
    for line in lines:
        seen[line] += 1
        said = (line.account, line.booked_on, line.amount, line.currency, line.text, seen[line])
        yield hashlib.sha256(repr(said).encode()).hexdigest()


def match() -> int:
    """Whatever is open and sure by now; how many lines that were."""
    payouts, gifts = _by_amount(_payouts()), _by_amount(_gifts())
    found = 0
    for line in keyset(BankLine.objects.open().order_by("booked_on", "pk")):
        about = (line.amount, line.currency)
        for kinds, account, says_who in (
            (payouts, Account.TRANSIT, STRIPE),
            (gifts, Account.OFFLINE, ""),
        ):
            fits = matching.possible(line.booked_on, *about, kinds[about])
            if one := matching.the_one(line.text, fits, says_who):
                kinds[about].remove(one)
                _explain(line, account, [one.pk])
                found += 1
                break
        else:
            _tell_of_stripes(line, len(payouts[about]))
    return found


def candidates(line: BankLine) -> tuple[list[Candidate], list[Candidate]]:
    """The payouts and the gifts that it may be, for a person to say: the likeliest first."""
    about = (line.booked_on, line.amount, line.currency)
    payouts = _payouts().filter(amount=line.amount, currency=line.currency)
    gifts = _gifts().filter(contribution__amount=line.amount, contribution__currency=line.currency)
    return (
        matching.nearest(*about, map(_of_payout, payouts)),
        matching.nearest(*about, map(_of_gift, gifts)),
    )


def _payouts() -> QuerySet[Payout]:
    """Not undone, and not in the bank yet."""
    return Payout.objects.filter(bank_line=None).exclude(status__in=Payout.UNDONE)


def _gifts() -> QuerySet[OfflineGift]:
    waiting = OfflineGift.objects.filter(bank_line=None, contribution__returned=0)
    return waiting.select_related("contribution__receipt")


def _of_payout(one: Payout) -> Candidate:
    return Candidate(one.pk, one.amount, one.currency, one.arrival_on, [one.pk, one.trace])


def _of_gift(gift: OfflineGift) -> Candidate:
    one = gift.contribution
    on = timezone.localdate(one.received_at)
    return Candidate(str(gift.pk), one.amount, one.currency, on, [one.receipt_number])


def _by_amount(found: QuerySet[Any]) -> dict[tuple[int, str], list[Candidate]]:
    of = _of_payout if found.model is Payout else _of_gift
    rows: defaultdict[tuple[int, str], list[Candidate]] = defaultdict(list)
    for one in map(of, found):
        rows[one.amount, one.currency].append(one)
    return rows


def explain(line: BankLine, what: str) -> None:
    """A person says which candidate it is, “payout:po_1” or “gift:7”. Raises NotSo: another amount,
    or matched already."""
    payouts, gifts = candidates(line)
    named = {f"payout:{one.pk}": (Account.TRANSIT, one) for one in payouts}
    named |= {f"gift:{one.pk}": (Account.OFFLINE, one) for one in gifts}
    if what not in named:
        raise NotSo("That is another amount, or it is matched already. Please look once more.")
    account, one = named[what]
    _explain(line, account, [one.pk])


def in_hand(line: BankLine) -> list[OfflineGift]:
    """Cash and cheques of the time before that are in no line yet: some of them may be this one."""
    about = Q(kind__in=[OfflineGift.Kind.CASH, OfflineGift.Kind.CHEQUE])
    since, until = line.booked_on - IN_HAND, line.booked_on + matching.EARLY
    about &= Q(contribution__received_at__date__range=(since, until))
    found = OfflineGift.objects.filter(
        about, bank_line=None, contribution__currency=line.currency
    ).select_related("contribution__receipt")
    return [one for one in found.order_by("contribution__received_at") if one.contribution.left]


def deposit(line: BankLine, gifts: Iterable[str]) -> None:
    """A person says that these came to the bank as one sum. Raises NotSo, with the difference."""
    ticked = set(gifts)
    chosen = [one.pk for one in in_hand(line) if str(one.pk) in ticked]
    with transaction.atomic():
        some = Contribution.objects.select_for_update().filter(offline__in=chosen)
        difference = line.amount - sum(one.left for one in some.order_by("pk"))
        if difference or not chosen:
            more = "more" if difference > 0 else "less"
            words = money.show(abs(difference), line.currency)
            raise NotSo(f"The bank has {words} {more} than what is ticked: nothing is booked.")
        _explain(line, Account.OFFLINE, chosen)


def _explain(line: BankLine, account: Account, found: Sequence[str | int]) -> None:
    """By one payout, or by gifts. One winner: whoever comes second finds the line explained, or the
    gift."""
    with transaction.atomic():
        row = BankLine.objects.select_for_update().get(pk=line.pk)
        if row.booking_id or row.not_ours:
            raise NotSo("Somebody has explained this line already.")
        at = timezone.make_aware(datetime.combine(row.booked_on, time(12)))
        number = Booking.objects.filter(reference__startswith=f"bank line {row.pk}").count()
        reference = f"bank line {row.pk}" + (f", {number + 1}" if number else "")
        posted = {Account.BANK: row.amount, account: -row.amount}
        write([Entry(Booking.Kind.BANK, reference, row.currency, posted, at)])
        booking = Booking.objects.get(kind=Booking.Kind.BANK, reference=reference)
        payout = found[0] if account == Account.TRANSIT else None
        BankLine.objects.filter(pk=row.pk).update(booking=booking, payout=payout)
        if payout is None:
            theirs = OfflineGift.objects.filter(pk__in=found, bank_line=None)
            if theirs.update(bank_line=row) != len(found):
                raise NotSo("Somebody has matched one of these already.")
        Review.settle(Review.Kind.BANK, str(row.pk), "It is matched now.")


def take_back(line: BankLine) -> None:
    """It was explained wrongly: its booking is reversed, and it is open again. Raises NotSo."""
    with transaction.atomic():
        row = BankLine.objects.select_for_update().get(pk=line.pk)
        if row.booking:
            posted = {Account(one.account): -one.amount for one in row.booking.postings.all()}
            reference = f"booking {row.booking_id} reversed"
            kind = Booking.Kind.REVERSAL
            write([Entry(kind, reference, row.currency, posted, timezone.now())])
        elif not row.not_ours:
            raise NotSo("This line is open already.")
        row.gifts.update(bank_line=None)
        BankLine.objects.filter(pk=row.pk).update(booking=None, payout=None, not_ours=False)


def not_ours(line: BankLine) -> None:
    """Rent, wages: it stays here, and in no book of ours. Raises NotSo."""
    if not BankLine.objects.open().filter(pk=line.pk).update(not_ours=True):
        raise NotSo("Somebody has explained this line already.")
    Review.settle(Review.Kind.BANK, str(line.pk), "It is none of ours.")


def _tell_of_stripes(line: BankLine, many: int) -> None:
    """What names Stripe, and is none of its payouts that we know."""
    if STRIPE in line.text.casefold():
        theirs = f"{line.shown_amount} of {line.booked_on:%-d %B %Y}"
        ours = f"{many} payouts have this amount" if many else "no open payout has this amount"
        Review.open(Review.Kind.BANK, str(line.pk), f"The bank has {theirs}, from Stripe: {ours}.")
