"""A reader's way onto a list and off it: sign up -> confirm -> welcome; unsubscribe.

Several newsletters may be asked for in one form: one mail is about them, one press confirms them.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from newsroom.core import tokens
from newsroom.core.kept import retention
from newsroom.core.moves import transition
from newsroom.core.privacy import keyed_hash, list_index
from newsroom.first_steps import required
from newsroom.kept_pages.noting import remembered
from newsroom.mail import outbox
from newsroom.mail.asked import PER_WEEK, WEEK
from newsroom.models import Masthead, PolicyPage, Suppression, readable
from subscriptions.models import (
    Consent,
    DeliveryFailure,
    LeavingReason,
    Newsletter,
    Subscriber,
    Subscription,
)

CONFIRM_SECONDS = 7 * 24 * 3600
UNCONFIRMED_KEPT = timedelta(days=7)
# How somebody leaves who has a mail of ours, which may have been forwarded to them.
BY_LINK = ("one-click", "mail", "page", "own page")

UNWANTED = _(
    "We do not write to this address: its owner has told us, or their mail provider, that they "
    "want no mail of ours. If you do want it, please write to us, or use another address."
)

Status = Subscription.Status


def is_open(masthead: Masthead | None = None) -> bool:
    """May readers be asked for an address? There is a policy for them to agree to."""
    return not required.missing(masthead)


def is_offered(masthead: Masthead | None = None) -> bool:
    """Beside something else: would who ticks a box get a newsletter?"""
    return is_open(masthead) and bool(offered())


@remembered
def offered() -> list[Newsletter]:
    """In the order of the paper. There are few."""
    return list(readable(Newsletter.objects).order_by("path"))


def asked(
    email: str, newsletters: list[int], how: str, source: str = "", language: str = ""
) -> bool:
    """What the form's job does (newsroom/mail/asked.py); has it caused a mail?"""
    found = Newsletter.objects.live().filter(pk__in=newsletters).order_by("pk")
    return bool(found) and sign_up_for(list(found), email, how, source, language)


def sign_up(newsletter: Newsletter, email: str, how: str, source: str = "") -> bool:
    return sign_up_for([newsletter], email, how, source)


def sign_up_for(
    newsletters: Sequence[Newsletter], email: str, how: str, source: str = "", language: str = ""
) -> bool:
    """Record the wish and mail a link to confirm it; is a mail on its way?

    Nobody is on a list before the link's button is pressed: anyone can type any address. Who
    complained about us, or was erased, is not written to, and nothing is kept of the wish. The mail
    is about those to confirm; when there are none, about those that come already. Nothing is asked
    of anybody while there is no policy to agree to.
    """
    if not is_open():
        return False
    with transaction.atomic():
        suppression = Suppression.of(list_index(email))
        if suppression and not suppression.owner_may_lift:
            return False
        theirs = subscriptions_of(newsletters, email, source, language)
        first = None
        for one in theirs:
            transition(one, Status.PENDING)
            consent = record(one, Consent.Action.ASKED, how, together=first)
            first = first or consent.pk
        waiting = [one for one in theirs if suppression or one.status != Status.CONFIRMED]
        about = waiting or theirs
        # What has changed since the last mail makes its link worthless: then there is a new one.
        state = [f"{one.pk}-{decisions(one)}" for one in about]
        return outbox.post(
            "confirm" if waiting else "already_subscribed",
            about[0].pk,
            key="-".join([*state, str(mark(suppression)), str(outbox.ten_minutes())]),
            second_id=first if len(about) > 1 else None,
        )


def asked_together(subscription_id: int, consent_id: int | None) -> list[Subscription]:
    """It, and what its reader asked for in the same form, which began with that consent."""
    wanted = Q(pk=subscription_id)
    if consent_id:
        same = Consent.objects.filter(Q(pk=consent_id) | Q(together=consent_id))
        reader = Subscription.objects.filter(pk=subscription_id).values("subscriber")
        mine = same.filter(subscription__subscriber__in=reader)
        wanted |= Q(pk__in=mine.values("subscription"))
    found = Subscription.objects.filter(wanted).order_by("pk")
    return list(found.select_related("subscriber", "newsletter"))


def subscription_of(newsletter: Newsletter, email: str, source: str) -> Subscription:
    return subscriptions_of([newsletter], email, source)[0]


def subscriptions_of(
    newsletters: Sequence[Newsletter], email: str, source: str, language: str = ""
) -> list[Subscription]:
    """Theirs, made where there is none, locked until the transaction ends; their reader, too, so
    that nobody forgets the address meanwhile. The first source stays, and a known reader's
    language: anybody can type any address."""
    subscriber, _ = Subscriber.objects.select_for_update(no_key=True).get_or_create(
        email_index=list_index(email), defaults={"email": email, "language": language}
    )
    if subscriber.forgotten_on:  # back after a long time
        subscriber.email, subscriber.forgotten_on = email, None
        subscriber.save(update_fields=["email", "forgotten_on"])
    found = Subscription.objects.select_for_update().filter(subscriber=subscriber)
    # In the order in which a suppression locks them (0002_kept_counts).
    there = {one.newsletter_id: one for one in found.order_by("pk")}
    for newsletter in newsletters:
        if newsletter.pk not in there:
            there[newsletter.pk] = Subscription.objects.create(
                subscriber=subscriber, newsletter=newsletter, source=source
            )
    return sorted((there[one.pk] for one in newsletters), key=lambda one: one.pk)


class Superseded(Exception):
    """A link that is older than what has been decided, or what has bounced, since."""


class Forgotten(Exception):
    """They had left everything for so long that we have forgotten the address."""


class Unwanted(Exception):
    """The address complained about us or was erased: it is not written to."""


def confirm_token(*subscriptions: Subscription) -> str:
    """Of one reader's. Carries what was decided and suppressed when it was made: older than either,
    it decides nothing."""
    first, *more = [[one.pk, decisions(one)] for one in subscriptions]
    suppressed = mark(subscriptions[0].subscriber.suppression)
    return tokens.expiring("confirm", [*first, suppressed, *more])


def decisions(subscription: Subscription) -> int:
    """How often the reader has decided: joined, left."""
    return Consent.objects.decisions().filter(subscription=subscription).count()


def mark(suppression: Suppression | None) -> int:
    """Which suppression the address is under; 0: none."""
    return suppression.mark if suppression else 0


def read_confirm_token(
    token: str, *, lock: bool = False
) -> tuple[list[Subscription], list[Subscription]]:
    """The subscriptions to confirm, and those that this link has confirmed already: that it says
    for ever. Those about which the reader has decided anew since are in neither.

    Raises BadToken, StaleToken, Subscription.DoesNotExist, Superseded, Unwanted.
    """
    (pk, decided, suppressed, *more), stale = tokens.read_old(
        "confirm", token, seconds=CONFIRM_SECONDS
    )
    then = dict([(pk, decided), *more])
    found = Subscription.objects.select_related("newsletter", "subscriber").filter(pk__in=then)
    if lock:
        found = found.select_for_update(of=("self",))
    theirs = list(found.order_by("pk"))
    if not theirs:
        raise Subscription.DoesNotExist
    suppression = theirs[0].subscriber.suppression
    if suppression and not suppression.owner_may_lift:
        raise Unwanted
    since = {one.pk: decisions(one) - then[one.pk] for one in theirs}
    done = [one for one in theirs if since[one.pk] == 1 and one.status == Status.CONFIRMED]
    waiting = [] if stale else [one for one in theirs if not since[one.pk]]
    if stale and not done:
        raise tokens.StaleToken
    if mark(suppression) not in (0, suppressed) or not (waiting or done):
        raise Superseded
    return waiting, done


def confirm(token: str) -> tuple[list[Subscription], list[Subscription]]:
    """Put the reader on the lists and welcome them to each, once however often the button is
    pressed; an address that had been dead is alive. Returns and raises what
    :func:`read_confirm_token` does."""
    with transaction.atomic():
        waiting, done = read_confirm_token(token, lock=True)
        if waiting:
            lift(waiting[0].subscriber, "confirmed by its owner")
        for one in waiting:
            put_on_list(one, "mailed link")
            outbox.post("welcome", one.pk, key=f"{one.pk}-{decisions(one)}")
    (waiting + done)[0].subscriber.press()  # no lock is held here that it could wait with
    return waiting, done


def put_on_list(subscription: Subscription, how: str, agreed_on: date | None = None) -> None:
    """Its owner has said so; ``agreed_on``: then, and not to us just now."""
    today = timezone.localdate()
    transition(subscription, Status.CONFIRMED, confirmed_on=today, paused_until=None)
    record(subscription, Consent.Action.CONFIRMED, how, agreed_on)


def lift(subscriber: Subscriber, why: str) -> None:
    """Their owner has spoken. Raises Unwanted."""
    DeliveryFailure.objects.outlived(subscriber.email_index)
    suppression = Suppression.of(subscriber.email_index)
    if suppression is None:
        return
    if not suppression.owner_may_lift or not suppression.lift(why):
        raise Unwanted


def unsubscribe(subscription: Subscription, how: str) -> None:
    """Take the reader off the list at once. Doing it twice changes nothing."""
    with transaction.atomic():
        there = Subscription.objects.select_for_update().filter(pk=subscription.pk).first()
        if there is None:
            return
        was_listed = there.status == Status.CONFIRMED
        today = timezone.localdate()
        if not transition(there, Status.UNSUBSCRIBED, unsubscribed_on=today, paused_until=None):
            return
        record(there, Consent.Action.WITHDRAWN, how)
        if was_listed and how in BY_LINK:
            _tell_who_left(there)


def leave_all(subscriptions: Collection[Subscription], how: str, **fields: Any) -> None:
    """Many at once, who did not press anything here: that causes no mail. The caller holds their
    locks."""
    listed = [one for one in subscriptions if one.status in Subscription.MOVES[Status.UNSUBSCRIBED]]
    if not listed:
        return
    rows = Subscription.objects.filter(pk__in=[one.pk for one in listed])
    today = timezone.localdate()
    ended = {"unsubscribed_on": today, "paused_until": None} | fields
    transition(rows, Status.UNSUBSCRIBED, **ended)
    version = policy_version()
    Consent.objects.bulk_create(
        Consent(subscription=one, action=Consent.Action.WITHDRAWN, policy_version=version, how=how)
        for one in listed
    )


def count_reason(subscription: Subscription, reason: str) -> None:
    """Once for each leaving, as far as the cache remembers: no row says who has answered."""
    leaving = f"{subscription.pk}-{decisions(subscription)}"
    answered = f"reason:{keyed_hash(leaving, 'reason').hex()[:32]}"
    if cache.add(answered, 1, timeout=24 * 3600):
        LeavingReason.count(subscription.newsletter, reason, timezone.localdate())


def _tell_who_left(subscription: Subscription) -> None:
    """One mail for one leaving; who leaves and returns all day gets as many as strangers may
    cause."""
    since = timezone.localdate() - WEEK
    left = subscription.consents.filter(action=Consent.Action.WITHDRAWN, on__gt=since)
    if left.count() <= PER_WEEK:
        key = f"{subscription.pk}-{decisions(subscription)}"
        outbox.post("unsubscribed", subscription.pk, key=key)


def keep_address(subscriber_id: int) -> None:
    """Nobody forgets it until the transaction ends. Raises Forgotten."""
    readers = Subscriber.objects.select_for_update(no_key=True)
    if not readers.filter(pk=subscriber_id, forgotten_on=None).exists():
        raise Forgotten


def resubscribe(subscription: Subscription) -> None:
    """An unsubscription taken back, or a dead address that lives, on the reader's own page: their
    link proves the address. Raises Unwanted, Forgotten."""
    with transaction.atomic():
        keep_address(subscription.subscriber_id)
        # Before the suppression, as who confirms or suppresses does.
        if not Subscription.objects.select_for_update().filter(pk=subscription.pk):
            return
        lift(subscription.subscriber, "asked for on its owner's page")
        gone = Subscription.objects.left().filter(pk=subscription.pk)
        today = timezone.localdate()
        if transition(gone, Status.CONFIRMED, confirmed_on=today, paused_until=None):
            record(subscription, Consent.Action.CONFIRMED, "own page")


def record(
    subscription: Subscription,
    action: str,
    how: str,
    on: date | None = None,
    together: int | None = None,
) -> Consent:
    """What was agreed to, under the policy of today."""
    return Consent.objects.create(
        subscription=subscription,
        action=action,
        policy_version=policy_version(),
        how=how,
        on=on or timezone.localdate(),
        together=together,
    )


def policy_version() -> str:
    policy = PolicyPage.current()
    return policy.version if policy else ""


def forget_unconfirmed(before: date) -> None:
    """Delete addresses that nobody has confirmed. Who has asked once more meanwhile is kept."""
    asked_since = Consent.objects.filter(
        subscription=OuterRef("pk"), action=Consent.Action.ASKED, on__gte=before
    )  # whose newest link still works
    over = Subscription.objects.filter(
        ~Exists(asked_since),
        status=Status.PENDING,
        confirmed_on=None,
        unsubscribed_on=None,  # that somebody has left is remembered: an import may bring them
        created_on__lt=before,
    )
    retention.delete(over)
    retention.delete(Subscriber.objects.filter(subscriptions=None, created_on__lt=before))
