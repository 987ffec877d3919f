"""Sunset: who has pressed nothing for long is asked whether they still read us, by one mail, and
gets no more if they don't answer. Off, until a newsletter says after how long it asks.

Nobody is watched for it. What counts is a button (``Subscriber.press``), never that a mail or link
was opened, which scanners do, too. Nor does it count whether somebody supports us: who is silent
and was not asked would be known as a supporter to whoever steals the database.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.database import one_at_a_time
from newsroom.core.kept import retention
from newsroom.mail import outbox
from newsroom.models import SuppressionLift, TransactionalMail
from subscriptions.models import (
    Consent,
    Mailing,
    Newsletter,
    ReaderCount,
    ReaderMove,
    Subscriber,
    Subscription,
)
from subscriptions.models.newsletter import ASK_AFTER
from subscriptions.readers import signup

MAIL = "still_reading"
WAIT = timedelta(days=30)  # for an answer
LATE = timedelta(days=14)  # an outage may end a subscription so much later; then it goes on
LINK_SECONDS = 90 * 24 * 3600  # until the address of who has left everything is long forgotten
# Asked in a night: a hundredth of the list, a small one in larger parts. So who switches it on has
# three months to see what becomes of it, and a provider sees no wave of mail to dead mailboxes.
PART, AT_LEAST = 100, 1000
AT_ONCE = 200  # in one transaction; their mails go in one minute, so that no confirmation waits
MORNING = time(10)  # of the newsroom's clock: the night finds them, nobody is written to at night
LOCK = 0x73756E73  # of PostgreSQL's advisory locks: “suns”
HOW_KEPT, HOW_ENDED = "still reading", "sunset"  # as the consent says it

Status = Subscription.Status


def quiet(months: int) -> timedelta:
    return timedelta(days=months * 365 // 12)


def keep(now: datetime) -> None:
    """The night's work, safe to repeat, for two at once, and to be killed anywhere."""
    today = timezone.localdate(now)
    _take_back_failed()
    retention.in_chunks(unanswered(today), _end)
    asking = {one.pk: one for one in Newsletter.objects.live().filter(ask_after__isnull=False)}
    mailed = dict(
        Mailing.objects.filter(newsletter__in=asking, segment=None, frozen_at__isnull=False)
        .exclude(status=Mailing.Status.CANCELLED)
        .values_list("newsletter")
        .annotate(last=Max("frozen_at"))
    )
    since = {pk: today - quiet(one.ask_after) for pk, one in asking.items() if pk in mailed}
    # Who got nothing in all that time has had nothing to answer to.
    since = {pk: day for pk, day in since.items() if timezone.localdate(mailed[pk]) >= day}
    for pk in since:
        _ask_all(asking[pk], since, now)


def _ask_all(newsletter: Newsletter, since: Mapping[int, date], now: datetime) -> None:
    most = max(AT_LEAST, ReaderCount.objects.of(newsletter) // PART)
    after = 0
    while some := _ask_some(newsletter, since, most, after, now):
        after = some[-1]


def _ask_some(
    newsletter: Newsletter, since: Mapping[int, date], most: int, after: int, now: datetime
) -> Sequence[int]:
    """The next readers who are silent, each in one mail about all their newsletters that ask; the
    day on the subscription and the mail are one transaction."""
    today = timezone.localdate(now)
    with transaction.atomic():
        one_at_a_time(LOCK)
        tonight = Subscription.objects.filter(newsletter__in=since, asked_on=today).aggregate(
            all=Count("pk"), mine=Count("pk", filter=Q(newsletter=newsletter))
        )
        due = to_ask(since)
        mine = due.filter(newsletter=newsletter, subscriber__gt=after).order_by("subscriber")
        room = min(AT_ONCE, max(most - tonight["mine"], 0))
        some = list(mine.values_list("subscriber", flat=True)[:room])
        locked = due.filter(subscriber__in=some).select_for_update(of=("self",)).order_by("pk")
        found = dict(locked.values_list("pk", "subscriber"))
        Subscription.objects.filter(pk__in=found).update(asked_on=today)
        morning = timezone.make_aware(datetime.combine(today, MORNING))
        minute = timedelta(minutes=tonight["all"] // AT_ONCE)
        keys = {reader: f"{reader}-{today}" for reader in found.values()}
        outbox.post_all(MAIL, keys, at=max(morning, now) + minute)
    return some


def to_ask(since: Mapping[int, date]) -> QuerySet[Subscription]:
    """Those who are silent since that day, of each newsletter; a colleague's mailbox is none."""
    listed = Subscription.objects.mailable().silent(since).filter(seed=False)
    return listed.filter(~Exists(_not_sent()))


def unanswered(today: date) -> QuerySet[Subscription]:
    """Whose time to answer is over. Long over is never: something was switched off meanwhile, or
    stood still."""
    asking = Newsletter.objects.live().filter(ask_after__isnull=False)
    in_time = (today - WAIT - LATE, today - WAIT)
    asked = Subscription.objects.mailable().asked().filter(asked_on__range=in_time, seed=False)
    return asked.filter(~Exists(_not_sent()), ~Exists(_not_reached()), newsletter__in=asking)


def _not_reached() -> QuerySet[SuppressionLift]:
    """No mail went to them for a part of the time."""
    return SuppressionLift.objects.filter(
        email_index=OuterRef("subscriber__email_index"), on__gte=OuterRef("asked_on")
    )


def _not_sent() -> QuerySet[TransactionalMail]:
    """Their mail, which waits or has failed: what was sent has forgotten whose it was."""
    return TransactionalMail.objects.filter(
        purpose=MAIL, object_id__isnull=False, object_id=OuterRef("subscriber")
    )


def _take_back_failed() -> None:
    """Whose mail did not get out was not asked. They are again when the outbox has forgotten it."""
    asked = Subscription.objects.filter(asked_on__isnull=False)
    failed = asked.filter(Exists(_not_sent().filter(status=TransactionalMail.Status.FAILED)))
    retention.in_chunks(failed, lambda some: some.update(asked_on=None))


def _end(some: QuerySet[Subscription]) -> None:
    signup.leave_all(list(some), HOW_ENDED, asked_on=None)


# --- The answer -----------------------------------------------------------------------------


def questions_to(subscriber_id: int) -> list[Subscription]:
    """What one mail asks about: their newsletters that they were asked about last. What it can't
    ask about any more, or too late for an answer, was not asked."""
    all_asked = Subscription.objects.filter(subscriber=subscriber_id, asked_on__isnull=False)
    last = all_asked.aggregate(last=Max("asked_on"))["last"]
    theirs = all_asked.filter(asked_on=last)
    found = theirs.mailable().asked().filter(newsletter__ask_after__isnull=False)
    in_time = found.filter(asked_on__gte=timezone.localdate() - LATE)
    asks = list(in_time.select_related("newsletter").order_by("pk"))
    theirs.exclude(pk__in=[one.pk for one in asks]).update(asked_on=None)
    return asks


def token_of(subscriptions: Sequence[Subscription]) -> str:
    """Of one reader's."""
    about = [one.pk for one in subscriptions]
    return tokens.expiring(MAIL, [subscriptions[0].subscriber_id, *about])


def read_token(token: str) -> tuple[Subscriber, Any]:
    """Whom it was mailed to, and what it asks about. Whose address changed since is another reader.
    What they have left themselves meanwhile is not brought back together with the others.

    Raises BadToken, StaleToken, Subscriber.DoesNotExist.
    """
    reader, *about = tokens.read_expiring(MAIL, token, seconds=LINK_SECONDS)
    subscriber = Subscriber.objects.get(pk=reader)
    theirs = subscriber.subscriptions.filter(pk__in=about).select_related("newsletter")
    withdrawn = Consent.objects.filter(subscription=OuterRef("pk"), action=Consent.Action.WITHDRAWN)
    last = Subquery(withdrawn.order_by("-pk").values("how")[:1])
    left = theirs.left().alias(how=last).exclude(how=HOW_ENDED)
    others = theirs.exclude(pk__in=left.values("pk"))
    return subscriber, (others if others.exists() else theirs).order_by("pk")


def answer_yes(subscriber: Subscriber, theirs: Any) -> None:
    """They stay, or are back where they had fallen silent meanwhile. It is a new consent, once.
    Raises Unwanted, Forgotten."""
    with transaction.atomic():
        signup.keep_address(subscriber.pk)  # and of two presses one waits
        asked = theirs.asked().filter(status=Status.CONFIRMED)
        stay = set(asked.values_list("pk", flat=True))
        for one in theirs:
            signup.resubscribe(one)
            if one.pk in stay:
                signup.record(one, Consent.Action.CONFIRMED, HOW_KEPT)
        subscriber.press()


# --- What editors see -----------------------------------------------------------------------


def numbers_of(newsletter: Newsletter) -> dict[str, Any]:
    """Kept numbers and an index's: for each choice how many could be asked at most, since who has
    pressed something meanwhile is among them; who is asked, and who fell silent."""
    today = timezone.localdate()
    readers = ReaderCount.objects.of(newsletter)
    asked = newsletter.subscriptions.mailable().asked().filter(asked_on__gt=today - WAIT)
    silent = ReaderMove.objects.filter(newsletter=newsletter, kind=ReaderMove.Kind.SILENT)
    choices = []
    for months, words in ASK_AFTER.items():
        most = ReaderCount.objects.of(newsletter, today - quiet(months))
        share = round(100 * most / readers) if readers else 0
        choices.append({"words": words, "readers": most, "share": share})
    return {
        "on": newsletter.ask_after is not None,
        "choices": choices,
        "a_night": max(AT_LEAST, readers // PART),
        "wait": WAIT.days,
        "asked": asked.count(),
        "silent": sum(number for _, _, number in silent.by("newsletter")),
    }
