"""A reader's way onto a list and off it: sign up -> confirm -> welcome; unsubscribe."""

from collections.abc import Collection
from datetime import date, timedelta

from django import forms
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from newsroom.core import tokens
from newsroom.core.kept import retention
from newsroom.core.moves import transition
from newsroom.core.privacy import keyed_hash, list_index
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.mail.asked import PER_WEEK, WEEK
from newsroom.models import PolicyPage, Suppression
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
AT_ONCE = 1000  # rows forgotten in one transaction
# How somebody leaves who has a mail of ours, which may have been forwarded to them.
BY_LINK = ("one-click", "mail", "page", "own page")

UNWANTED = _(
    "We do not write to this address: its owner has told us, or their mail provider, that they "
    "want no mail of ours. If you do want it, please write to us, or use another address."
)

Status = Subscription.Status


class Source(TextChoices):
    """Where a subscription comes from, in words of ours: never what a stranger writes.

    None tells that a reader gives: the form on the page of thanks says “page”, as others do
    (docs/architecture.md, “Sealed values”).
    """

    BOX = "site box"  # below an article or an issue
    PAGE = "page"
    FRONT = "front page"
    FOOTER = "footer"
    EMBEDDED = "embedded"  # a form on another site
    APP = "app"
    OWN_PAGE = "own page"
    SEEDS = "seed list"


BY_FORM = [Source.BOX, Source.PAGE, Source.FRONT, Source.FOOTER, Source.EMBEDDED]


class SignupForm(forms.Form):
    email = AddressField(max_length=254)
    consent = forms.BooleanField(
        error_messages={"required": _("Please agree to the privacy policy to subscribe.")}
    )
    source = forms.CharField(required=False)

    def clean_source(self) -> str:
        """Nobody typed it, so nothing is wrong with it either."""
        said = self.cleaned_data["source"]
        return said if said in BY_FORM else Source.PAGE


def asked(email: str, newsletter: int, how: str, source: str = "") -> bool:
    """What the form's job does (newsroom/mail/asked.py); has it caused a mail?"""
    found = Newsletter.objects.live().filter(pk=newsletter).first()
    return bool(found and sign_up(found, email, how, source))


def sign_up(newsletter: Newsletter, email: str, how: str, source: str = "") -> bool:
    """Record the wish and mail a link to confirm it; is a mail on its way?

    Nobody is on the list before the link's button is pressed: anyone can type any address. Who
    complained about us, or was erased, is not written to, and nothing is kept of the wish.
    """
    with transaction.atomic():
        suppression = Suppression.of(list_index(email))
        if suppression and not suppression.owner_may_lift:
            return False
        subscription = subscription_of(newsletter, email, source)
        transition(subscription, Status.PENDING)
        record(subscription, Consent.Action.ASKED, how)
        listed = subscription.status == Status.CONFIRMED and suppression is None
        # What has changed since the last mail makes its link worthless: then there is a new one.
        state = f"{decisions(subscription)}-{mark(suppression)}-{outbox.ten_minutes()}"
        purpose = "already_subscribed" if listed else "confirm"
        return outbox.post(purpose, subscription.pk, key=f"{subscription.pk}-{state}")


def subscription_of(newsletter: Newsletter, email: str, source: str) -> Subscription:
    """Theirs, made if there is none, locked until the transaction ends; its reader, too, so that
    nobody forgets the address meanwhile. The first source stays."""
    subscriber, _ = Subscriber.objects.select_for_update(no_key=True).get_or_create(
        email_index=list_index(email), defaults={"email": email}
    )
    if subscriber.forgotten_on:  # back after a long time
        subscriber.email, subscriber.forgotten_on = email, None
        subscriber.save(update_fields=["email", "forgotten_on"])
    found = Subscription.objects.select_for_update()
    return found.get_or_create(
        subscriber=subscriber, newsletter=newsletter, defaults={"source": source}
    )[0]


class Superseded(Exception):
    """A link that is older than what has been decided, or what has bounced, since."""


class Forgotten(Exception):
    """They had left everything for so long that we have forgotten the address."""


class Unwanted(Exception):
    """The address complained about us or was erased: it is not written to."""


def confirm_token(subscription: Subscription) -> str:
    """Carries what was decided and suppressed when it was made: older than either, it decides
    nothing."""
    suppressed = mark(subscription.subscriber.suppression)
    return tokens.expiring("confirm", [subscription.pk, decisions(subscription), suppressed])


def decisions(subscription: Subscription) -> int:
    """How often the reader has decided: joined, left."""
    made = [Consent.Action.CONFIRMED, Consent.Action.WITHDRAWN]
    return subscription.consents.filter(action__in=made).count()


def mark(suppression: Suppression | None) -> int:
    """Which suppression the address is under; 0: none."""
    return suppression.mark if suppression else 0


def read_confirm_token(token: str, *, lock: bool = False) -> tuple[Subscription, bool]:
    """The subscription to confirm, and whether this link has done so already: then it is good for
    ever, and says so.

    Raises BadToken, StaleToken, Subscription.DoesNotExist, Superseded, Unwanted.
    """
    (pk, decided, suppressed), stale = tokens.read_old("confirm", token, seconds=CONFIRM_SECONDS)
    found = Subscription.objects.select_related("newsletter", "subscriber")
    if lock:
        found = found.select_for_update(of=("self",))
    subscription = found.get(pk=pk)
    suppression = subscription.subscriber.suppression
    if suppression and not suppression.owner_may_lift:
        raise Unwanted
    later = decisions(subscription) - decided
    done = later == 1 and subscription.status == Status.CONFIRMED
    if stale and not done:
        raise tokens.StaleToken
    if mark(suppression) not in (0, suppressed) or (later and not done):
        raise Superseded
    return subscription, done


def confirm(token: str) -> Subscription:
    """Put the reader on the list and welcome them, once however often the button is pressed; an
    address that had been dead is alive. Raises what :func:`read_confirm_token` does."""
    with transaction.atomic():
        subscription, done = read_confirm_token(token, lock=True)
        if not done:
            lift(subscription.subscriber, "confirmed by its owner")
            put_on_list(subscription, "mailed link")
            key = f"{subscription.pk}-{decisions(subscription)}"
            outbox.post("welcome", subscription.pk, key=key)
    return subscription


def put_on_list(subscription: Subscription, how: str, agreed_on: date | None = None) -> None:
    """Its owner has said so; ``agreed_on``: then, and not to us just now."""
    transition(subscription, Status.CONFIRMED, confirmed_on=timezone.localdate())
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


def leave_all(subscriptions: Collection[Subscription], how: str) -> None:
    """Many at once, of whom others tell us: that causes no mail. The caller holds their locks."""
    listed = [one for one in subscriptions if one.status in Subscription.MOVES[Status.UNSUBSCRIBED]]
    if not listed:
        return
    rows = Subscription.objects.filter(pk__in=[one.pk for one in listed])
    today = timezone.localdate()
    transition(rows, Status.UNSUBSCRIBED, unsubscribed_on=today, paused_until=None)
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


def resubscribe(subscription: Subscription) -> None:
    """An unsubscription taken back, or a dead address that lives, on the reader's own page: their
    link proves the address. Raises Unwanted, Forgotten."""
    with transaction.atomic():
        found = Subscriber.objects.select_for_update(no_key=True)
        if not found.filter(pk=subscription.subscriber_id, forgotten_on=None).exists():
            raise Forgotten
        # Before the suppression, as who confirms or suppresses does.
        if not Subscription.objects.select_for_update().filter(pk=subscription.pk):
            return
        lift(subscription.subscriber, "asked for on its owner's page")
        gone = Subscription.objects.left().filter(pk=subscription.pk)
        if transition(gone, Status.CONFIRMED, confirmed_on=timezone.localdate()):
            record(subscription, Consent.Action.CONFIRMED, "own page")


def record(subscription: Subscription, action: str, how: str, on: date | None = None) -> None:
    """What was agreed to, under the policy of today."""
    Consent.objects.create(
        subscription=subscription,
        action=action,
        policy_version=policy_version(),
        how=how,
        on=on or timezone.localdate(),
    )


def policy_version() -> str:
    policy = PolicyPage.current()
    return policy.version if policy else ""


def forget_unconfirmed(before: date | None = None) -> None:
    """Delete addresses that nobody confirmed within a week."""
    before = before or timezone.localdate() - UNCONFIRMED_KEPT
    asked_since = Consent.objects.filter(
        subscription=OuterRef("pk"), action=Consent.Action.ASKED, on__gte=before
    )  # whose newest link still works
    over = Subscription.objects.filter(
        ~Exists(asked_since), status=Status.PENDING, confirmed_on=None, created_on__lt=before
    )
    while _forget_some(over):
        pass
    retention.delete(Subscriber.objects.filter(subscriptions=None, created_on__lt=before))


def _forget_some(over: QuerySet[Subscription]) -> bool:
    """Are there perhaps more? Locked in the order in which a suppression locks them
    (0002_kept_counts); who has asked once more while we waited is kept."""
    with transaction.atomic():
        locked = over.select_for_update().order_by("pk").values_list("pk", flat=True)
        some = list(locked[:AT_ONCE])
        over.filter(pk__in=some).delete()
    return len(some) == AT_ONCE
