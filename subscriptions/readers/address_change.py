"""A change of address: asked for on the own page, confirmed from both mailboxes, then done.

A new address is a new reader: links that went to the old one open nothing any more, and neither its
failures nor its suppression follow. What they agreed to goes along.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import F, Func, Value
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.database import one_at_a_time
from newsroom.core.moves import transition
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.mail.asked import PER_WEEK
from newsroom.models import Suppression
from subscriptions.models import (
    AddressChange,
    Batch,
    Consent,
    ImportedChange,
    Mailing,
    ReaderTag,
    Seed,
    Subscriber,
    Subscription,
)
from subscriptions.readers import signup

SECONDS = 7 * 24 * 3600
KEPT = timedelta(days=7)
OLD, NEW = "old", "new"  # whose mailbox a link went to
HOW = "change of address"  # as the consent says it

Status = Subscription.Status


class AddressForm(forms.Form):
    email = AddressField(max_length=254)


def asked(email: str, subscriber: int) -> bool:
    """What the form's job does (newsroom/mail/asked.py): both mailboxes are asked, whether or not
    we know the new one. A newer wish takes the place of an older."""
    index = list_index(email)
    with transaction.atomic():
        found = Subscriber.objects.select_for_update()
        reader = found.filter(pk=subscriber, forgotten_on=None).exclude(email_index=index).first()
        if reader is None or reader.suppression or Suppression.forbids(index):
            return False
        # Who has one of their mails can ask, for ever new addresses: their own mailbox is spared.
        week = timezone.localdate().isocalendar()
        keys = {n: f"{reader.pk}-{week.year}-{week.week}-{n}" for n in range(PER_WEEK)}
        free = outbox.never_posted("address_old", keys)
        if not free:
            return False
        reader.address_changes.filter(done_on=None).delete()
        change = reader.address_changes.create(email=email, email_index=index)
        outbox.post("address_old", change.pk, key=keys[free[0]])
        return outbox.post("address_new", change.pk, key=str(change.pk))


def token_of(change: AddressChange, mailbox: str) -> str:
    return tokens.expiring("address change", [change.pk, mailbox])


def read_token(token: str) -> tuple[AddressChange, str]:
    """Raises BadToken, StaleToken, AddressChange.DoesNotExist, Unwanted."""
    pk, mailbox, *_ = tokens.read_expiring("address change", token, seconds=SECONDS)
    change = AddressChange.objects.select_related("subscriber").get(pk=pk)
    both = (change.email_index, change.subscriber.email_index)
    if change.done_on is None and any(map(Suppression.forbids, both)):
        raise signup.Unwanted
    return change, mailbox


def agree(token: str) -> AddressChange:
    """The press of one mailbox; the second one does it. Pressed twice, or by both at once, it is
    done once. Raises what :func:`read_token` does."""
    with transaction.atomic():
        change, mailbox = read_token(token)
        # Who is whose changes hands here: one after the other, as two may swap their addresses.
        for index in sorted([change.email_index, change.subscriber.email_index]):
            one_at_a_time(int.from_bytes(index[:8], "big", signed=True))
        change = AddressChange.objects.select_for_update().get(pk=change.pk)
        if change.done_on is None:
            side = {"old_agreed": True} if mailbox == OLD else {"new_agreed": True}
            AddressChange.objects.filter(pk=change.pk).update(**side)
            change.refresh_from_db()
            if change.old_agreed and change.new_agreed:
                _carry_out(change)
    return change


def _carry_out(change: AddressChange) -> None:
    old = change.subscriber
    new, made = Subscriber.objects.get_or_create(
        email_index=change.email_index, defaults={"email": change.email}
    )
    if new.forgotten_on or made:
        new.email, new.forgotten_on = change.email, None
    for name, nothing in Subscriber.CHOSEN.items():
        if getattr(new, name) == nothing:
            setattr(new, name, getattr(old, name))
    new.save(update_fields=["email", "forgotten_on", *Subscriber.CHOSEN])
    # Readers before subscriptions, as an erasure does; those in the order in which a suppression
    # locks them (0002_kept_counts).
    list(Subscriber.objects.filter(pk__in=[old.pk, new.pk]).select_for_update().order_by("pk"))
    both = Subscription.objects.filter(subscriber__in=[old, new])
    rows = list(both.select_for_update().order_by("pk").select_related("newsletter"))
    signup.lift(new, "confirmed by its owner")
    there = {row.newsletter_id: row for row in rows if row.subscriber_id == new.pk}
    for row in rows:
        if row.subscriber_id == old.pk:
            _move(row, new, there.get(row.newsletter_id))
    _take_tags_along(old, new)
    # The row is the new reader's now, and has the old address, to tell it.
    change.email, change.email_index = old.email, old.email_index
    change.subscriber, change.done_on = new, timezone.localdate()
    change.save()
    old.delete()
    new.press()
    outbox.post("address_changed", change.pk, key=str(change.pk))


def _take_tags_along(old: Subscriber, new: Subscriber) -> None:
    theirs = new.tags.values("name")
    ReaderTag.objects.filter(subscriber=old).exclude(name__in=theirs).update(subscriber=new)


def has_moved(subscription: Subscription) -> bool:
    """Its links to leave are in a former mailbox, too: what they open leads no further."""
    return subscription.consents.filter(how=HOW).exists()


def _move(row: Subscription, new: Subscriber, there: Subscription | None) -> None:
    """One subscription with its consents; where the new address has one as well, they become one,
    which is on the list if one of the two was. What nobody has confirmed stays behind."""
    if row.status == Status.PENDING and row.unsubscribed_on is None:
        row.delete()
        return
    listed = row.status == Status.CONFIRMED
    Seed.objects.filter(subscription=row).update(subscription=None)  # that mailbox had agreed
    if there is None and listed:
        Subscription.objects.filter(pk=row.pk).update(subscriber=new, seed=False)
        _follow(row, new)
        there = row
    else:
        there = there or _left_again(row, new)
        row.consents.update(subscription=there)
        wishes: dict[str, Any] = {
            "paused_until": row.paused_until,
            "whole_articles": row.whole_articles,
        }
        row.delete()
        if listed and there.status != Status.CONFIRMED:
            transition(there, Status.CONFIRMED, confirmed_on=timezone.localdate(), **wishes)
    if listed:
        signup.record(there, Consent.Action.CONFIRMED, HOW)


def _left_again(row: Subscription, new: Subscriber) -> Subscription:
    """A list that they have left, as another row: a link to confirm that lies in the old mailbox
    opens it no more."""
    left = Subscription.objects.create(
        subscriber=new,
        newsletter=row.newsletter,
        status=Status.UNSUBSCRIBED,
        created_on=row.created_on,
        confirmed_on=row.confirmed_on,
        unsubscribed_on=row.unsubscribed_on,
        source=row.source,
    )
    ImportedChange.objects.filter(subscription=row).update(subscription=left)
    return left


def _follow(row: Subscription, new: Subscriber) -> None:
    """An issue that is on its way, and has not been handed over to the old address, comes to the
    new one."""
    waiting = Batch.objects.filter(
        status=Batch.Status.PENDING,
        tries=0,
        mailing__newsletter=row.newsletter_id,
        mailing__status__in=Mailing.UNDER_WAY,
        subscriber_ids__contains=[row.subscriber_id],
    )
    ids = Func(
        F("subscriber_ids"),
        Value(row.subscriber_id),
        Value(new.pk),
        template="ARRAY(SELECT unnest(array_replace(%(expressions)s)) ORDER BY 1)",
    )
    waiting.update(subscriber_ids=ids)
