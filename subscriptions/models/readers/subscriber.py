"""Readers on a list: who they are (sealed), and what they agreed to.

Times are days: the second in which somebody signed up could tell which donor it was.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

from newsroom.core import languages
from newsroom.core.moves import Moves
from newsroom.core.privacy import BlindIndexField, EncryptedField, list_index
from newsroom.models import Suppression

from .edition import Edition


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def with_email(self, email: str) -> "SubscriberQuerySet":
        return self.filter(email_index=list_index(email))


class Subscriber(models.Model):
    """One e-mail address, sealed, found by its blind index."""

    email = EncryptedField(context="subscriber.email")
    email_index = BlindIndexField(unique=True)
    created_on = models.DateField(default=timezone.localdate)
    language = models.CharField(
        max_length=2,
        choices=languages.CHOICES,
        blank=True,
        default="",
        db_default="",
        help_text="Of their own page and single mails; empty: a newsletter's.",
    )
    country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        help_text="As they told us on their own page (ISO 3166); nobody looks it up.",
    )
    mirror_links = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether the links of their issues lead to the mirror, while there is one.",
    )
    forgotten_on = models.DateField(
        null=True,
        help_text="When the address was forgotten, since they had left everything. The index stays "
        "with what they agreed to, for as long as the law may ask.",
    )
    pressed_on = models.DateField(
        null=True,
        help_text="When they last pressed a button of ours, as far as a newsletter of theirs asks "
        "who is silent.",
    )

    # What they have chosen, and what it is of who has chosen nothing.
    CHOSEN: Mapping[str, Any] = {"language": "", "country": "", "mirror_links": False}

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["country"], condition=~Q(country=""), name="countries_of_readers"),
        ]
        permissions = [
            ("see_readers", "Can see how readers come and go"),
            ("manage_readers", "Can look up, add, remove and erase a reader"),
            ("export_readers", "Can take the list of readers away"),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.pk}"  # never the address: this ends up in logs

    @property
    def suppression(self) -> Suppression | None:
        """Why this address gets no mail; None: it may."""
        return Suppression.of(self.email_index)

    def press(self) -> None:
        """They have pressed a button: they read us still. The day alone is kept, and only where a
        newsletter of theirs asks who is silent, or has asked them (readers/due/sunset.py)."""
        today = timezone.localdate()
        asks = Q(newsletter__ask_after__isnull=False) | Q(asked_on__isnull=False)
        asked = Subscription.objects.filter(asks, subscriber=OuterRef("pk"))
        me = Subscriber.objects.filter(Exists(asked), pk=self.pk).exclude(pressed_on=today)
        me.update(pressed_on=today)


LAST_PRESS = ("created_on", "confirmed_on", "subscriber__pressed_on")  # the latest of them


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def mailable(self) -> "SubscriptionQuerySet":
        """Confirmed, the address not suppressed, and not paused."""
        goes_on = Q(paused_until=None) | Q(paused_until__lte=timezone.localdate())
        return self._reachable().filter(goes_on)

    def counted(self) -> "SubscriptionQuerySet":
        """The mailable, as ``ReaderCount`` has them: whose pause is over comes with the job that
        ends it."""
        return self._reachable().filter(paused_until=None)

    def with_edition(self, mirror: bool, spared: Collection[bytes]) -> "SubscriptionQuerySet":
        """Each with the number of their ``Edition``; without a mirror no links lead there.
        ``spared``: whom nobody asks for support, by ``list_index``."""
        chosen: Any = Cast("whole_articles", models.IntegerField()) * int(Edition.WHOLE)
        if mirror:
            links = Cast("subscriber__mirror_links", models.IntegerField())
            chosen += links * int(Edition.MIRROR)
        if spared:
            supports = When(subscriber__email_index__any_of=spared, then=int(Edition.SPARED))
            chosen += Case(supports, default=0)
        return self.annotate(edition=chosen)

    def _reachable(self) -> "SubscriptionQuerySet":
        suppressed = Suppression.objects.filter(email_index=OuterRef("subscriber__email_index"))
        return self.filter(~Exists(suppressed), status=Subscription.Status.CONFIRMED)

    def silent(self, since: Mapping[int, date]) -> "SubscriptionQuerySet":
        """Who has pressed nothing, and was not asked, on a newsletter's day or later. Who was moved
        in with what they agreed to elsewhere counts from when they came."""
        last = Greatest(*LAST_PRESS, "asked_on")
        silent = Q(pk__in=[])
        for newsletter, day in since.items():
            silent |= Q(newsletter=newsletter, last__lt=day)
        return self.alias(last=last).filter(silent)

    def asked(self) -> "SubscriptionQuerySet":
        """Whether they still read us, and there was no answer so far."""
        return self.alias(last_press=Greatest(*LAST_PRESS)).filter(asked_on__gt=F("last_press"))

    def left(self) -> "SubscriptionQuerySet":
        """Unsubscribed; also when somebody has typed the address again since, and nobody has
        confirmed it."""
        Status = Subscription.Status
        again = Q(status=Status.PENDING, unsubscribed_on__isnull=False)
        return self.filter(Q(status=Status.UNSUBSCRIBED) | again)


class Subscription(models.Model):
    """A subscriber in a newsletter."""

    class Status(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        UNSUBSCRIBED = "unsubscribed"

    MOVES: Moves = {  # to: from
        Status.PENDING: {Status.UNSUBSCRIBED},  # who comes back confirms anew
        # By a link; unsubscribed: taken back on their own page; confirmed: their address lives.
        Status.CONFIRMED: {Status.PENDING, Status.UNSUBSCRIBED, Status.CONFIRMED},
        Status.UNSUBSCRIBED: {Status.PENDING, Status.CONFIRMED},
    }

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="subscriptions"
    )
    newsletter = models.ForeignKey(
        "subscriptions.Newsletter",
        on_delete=models.CASCADE,
        related_name="subscriptions",
        db_index=False,  # the constraint's begins with it
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    created_on = models.DateField(default=timezone.localdate)
    confirmed_on = models.DateField(null=True)
    unsubscribed_on = models.DateField(null=True)
    paused_until = models.DateField(null=True, help_text="The first day on which mail comes again.")
    # Whether they still read us: the last time. Ending their subscription because of it, and that
    # alone, empties it (0003_reader_moves).
    asked_on = models.DateField(null=True)
    whole_articles = models.BooleanField(
        default=False, db_default=False, help_text="In the mail, in place of teasers."
    )
    # Where the sign-up came from: “site”, “import 3”.
    source = models.CharField(max_length=40, default="", db_default="", blank=True)
    # On the seed list: colleagues' mailboxes elsewhere, which get each issue first.
    seed = models.BooleanField(default=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "subscriber"], name="one_subscription_per_newsletter"
            )
        ]
        indexes = [
            models.Index(
                fields=["newsletter", "subscriber"],
                condition=Q(status="confirmed"),
                name="confirmed_of_newsletter",
            ),
            models.Index(
                fields=["newsletter", "unsubscribed_on"],
                condition=Q(status="unsubscribed"),
                name="unsubscribed_of_newsletter",
            ),
            models.Index(
                fields=["paused_until"],
                condition=Q(paused_until__isnull=False),
                name="paused_subscriptions",
            ),
            models.Index(
                fields=["newsletter", "asked_on"],
                condition=Q(asked_on__isnull=False),
                name="asked_of_newsletter",
            ),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk} ({self.status})"

    @property
    def paused(self) -> bool:
        return bool(self.paused_until and self.paused_until > timezone.localdate())


class Seed(models.Model):
    """A mailbox that editors want on a newsletter's seed list, as they typed it. It is on the list
    when its owner has agreed; until then nothing here tells whether we know the address."""

    newsletter = models.ForeignKey(
        "subscriptions.Newsletter", on_delete=models.CASCADE, related_name="seeds"
    )
    email = EncryptedField(context="seed.email")
    email_index = BlindIndexField()
    subscription = models.OneToOneField(
        Subscription,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Of who has agreed.",
    )
    added_on = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "email_index"], name="one_seed_per_address"
            )
        ]

    def __str__(self) -> str:
        return f"seed {self.pk}"

    @property
    def agreed(self) -> bool:
        """Its owner, and they are on the newsletter's list still."""
        listed = self.subscription and self.subscription.status == Subscription.Status.CONFIRMED
        return bool(listed)


IMPORT = "import "  # how a consent begins that a file says, of somebody who moved in with it


class ConsentQuerySet(models.QuerySet["Consent"]):
    def decisions(self) -> "ConsentQuerySet":
        """To join, or to leave, told to us. That an address was typed is none, since anybody can
        do that; nor is what another tool's file says."""
        made = [Consent.Action.CONFIRMED, Consent.Action.WITHDRAWN]
        return self.filter(action__in=made).exclude(how__startswith=IMPORT)


class Consent(models.Model):
    """What was agreed to, when, under which policy, and how. Rows are only ever added."""

    class Action(models.TextChoices):
        ASKED = "asked", "asked to subscribe"
        CONFIRMED = "confirmed"
        WITHDRAWN = "withdrawn"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="consents"
    )
    action = models.CharField(max_length=12, choices=Action)
    policy_version = models.CharField(max_length=20)
    how = models.CharField(max_length=40)
    on = models.DateField(default=timezone.localdate)
    # Of those that were asked for in one form the first one: one mail is about them all.
    together = models.BigIntegerField(null=True)

    objects = ConsentQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.action} by {self.how}"
