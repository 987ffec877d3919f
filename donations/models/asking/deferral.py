"""“Not ready to support today? Remind me later.”"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from donations.models.donor import Donor
from newsroom.core.database import one_at_a_time
from newsroom.core.moves import Moves, transition
from newsroom.core.privacy import BlindIndexField, EncryptedField, giving_index

from . import days
from .amounts import Frequency
from .appeal import Appeal
from .deferral_count import DeferralCount, Outcome, Tally
from .experiment import Variant


class DeferralQuerySet(models.QuerySet["Deferral"]):
    def due(self, now: datetime) -> "DeferralQuerySet":
        """With whom something is to be done: remind, remind once more, or no longer wait."""
        return self.filter(status__in=Deferral.RUNNING, due_at__lte=now)

    def of_address(self, email_index: bytes) -> "DeferralQuerySet":
        return self.filter(email_index=email_index)

    def of_donor(self, donor: Donor) -> "DeferralQuerySet":
        """Under any address that is theirs, or was and is nobody's now."""
        mine = list(donor.addresses.values_list("email_index", flat=True))
        others = Donor.objects.filter(email_index__in=mine).exclude(pk=donor.pk)
        return self.filter(email_index__in=mine).exclude(
            email_index__in=others.values("email_index")
        )

    def give(self, gift: Any, now: datetime) -> None:
        """A contribution has arrived that ends these. The one whose mail was the last has brought
        it; if none had one, they came by themselves."""
        ended = [(one.mails > 0, one.pk, one) for one in self if one.give(now)]
        if not ended:
            return
        mailed, _pk, brought = max(ended)
        weeks = max((timezone.localdate(now) - brought.created_on).days // 7, 0)
        what = {"weeks": weeks, "frequency": gift.frequency, "currency": gift.currency}
        if gift.checkout and gift.checkout.variant_id:
            what["variant"] = 0  # it counts where it was given
        outcome = Outcome.GAVE if mailed else Outcome.EARLY
        DeferralCount.add({brought.tally(outcome, **what): 1}, gift.amount)

    def not_after(self, moment: datetime) -> "DeferralQuerySet":
        """Wished for on that day or before."""
        return self.filter(created_on__lte=timezone.localdate(moment))


class Deferral(models.Model):
    """That we will ask again by mail. Only made when an address was left: without one, the
    reader's own cookie remembers, and we store nothing.

    Its first mail asks whether its reader agrees; nothing else goes to who does not. Of those who
    do, ``due_at`` is when something is to be done next, whatever it is: so one index finds it all.
    """

    class Status(models.TextChoices):
        ASKED = "asked"  # for, and not confirmed
        WAITING = "waiting"
        REMINDED = "reminded"
        GIVEN = "given"
        LAPSED = "lapsed"
        CANCELLED = "cancelled"

    MOVES: Moves = {  # to: from
        # Confirmed; deferred again, also when it is over; or every year, until the next.
        Status.WAITING: {Status.ASKED, Status.WAITING, Status.REMINDED, Status.LAPSED},
        Status.REMINDED: {Status.WAITING, Status.REMINDED},  # its day came; once more
        # A contribution arrived, or is on its way; by an old link, too.
        Status.GIVEN: {Status.ASKED, Status.WAITING, Status.REMINDED, Status.LAPSED},
        Status.LAPSED: {Status.WAITING, Status.REMINDED},  # nothing came of it, or it can't go out
        Status.CANCELLED: {
            Status.ASKED,
            Status.WAITING,
            Status.REMINDED,
        },  # while a mail waits, too
    }
    RUNNING = [Status.WAITING, Status.REMINDED]
    OPEN = [Status.ASKED, *RUNNING]

    email = EncryptedField(context="deferral.email")
    email_index = BlindIndexField()
    choice = models.CharField(max_length=12, default="month", help_text="As it is counted.")
    remind_on = models.DateField(help_text="The day that was agreed.")
    due_at = models.DateTimeField(help_text="When something is to be done with it next.")
    zone = models.CharField(max_length=40, default="UTC", help_text="On whose clock.")
    yearly = models.BooleanField(default=False, help_text="Every year, from that day on.")
    once_more = models.BooleanField(default=False, help_text="A week later, if nothing comes.")
    mails = models.PositiveSmallIntegerField(default=0, help_text="Since it waited last.")
    call = models.BigIntegerField(null=True, help_text="Which of them went out together.")
    appeal = models.ForeignKey(Appeal, null=True, on_delete=models.SET_NULL, related_name="+")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.SET_NULL, related_name="+")
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.MONTHLY)
    amount = models.PositiveBigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="usd")
    language = models.CharField(max_length=8, default="en")  # of its mail
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    created_on = models.DateField(default=timezone.localdate)
    ended_on = models.DateField(null=True)

    objects = DeferralQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email_index", "yearly"],
                condition=Q(status="asked"),
                name="one_asked_deferral_per_address",
            ),
            models.UniqueConstraint(
                fields=["email_index", "yearly"],
                condition=Q(status="waiting"),
                name="one_waiting_deferral_per_address",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=["waiting", "reminded"]),
                name="deferrals_that_are_due",
            ),
            models.Index(
                fields=["call"], condition=Q(call__isnull=False), name="deferrals_of_a_call"
            ),
            models.Index(fields=["email_index"], name="deferrals_of_an_address"),
            models.Index(
                fields=["ended_on"], condition=Q(ended_on__isnull=False), name="ended_deferrals"
            ),
            models.Index(
                fields=["created_on"], condition=Q(status="asked"), name="deferrals_not_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return f"deferral {self.pk} ({self.status})"

    @property
    def agreed_day(self) -> date:
        """On which the next mail comes, for its reader."""
        return days.today_in(self.zone, self.due_at)

    @classmethod
    def wish(cls, email: str, day: date, *, zone: str, yearly: bool = False, **fields: Any) -> Any:
        """Asked for, not confirmed; and is it new? A second such wish takes the place of the first,
        so that one press confirms one reminder."""
        fields |= {
            "email": email,
            "remind_on": day,
            "due_at": days.at(day, zone),
            "zone": zone,
            "created_on": timezone.localdate(),
        }
        return cls.objects.update_or_create(
            email_index=giving_index(email),
            yearly=yearly,
            status=cls.Status.ASKED,
            defaults=fields,
        )

    def wait(self, due_at: datetime, frm: Collection[str]) -> bool:
        """Until then, in the place of any other that its address waits for; False when it is
        elsewhere by now."""
        index = bytes(self.email_index)
        with transaction.atomic():
            one_at_a_time(int.from_bytes(index[:8], "big", signed=True))
            if not type(self).objects.select_for_update().filter(pk=self.pk, status__in=frm):
                return False
            others = type(self).objects.of_address(index).exclude(pk=self.pk)
            same = others.filter(yearly=self.yearly, status__in=self.RUNNING)
            transition(same, self.Status.CANCELLED, ended_on=timezone.localdate(), call=None)
            day = self.remind_on if self.yearly else days.today_in(self.zone, due_at)
            anew: dict[str, Any] = {"due_at": due_at, "remind_on": day, "mails": 0, "call": None}
            return bool(transition(self, self.Status.WAITING, frm=frm, **anew, ended_on=None))

    def next_year(self, now: datetime) -> bool:
        """Wait for its day in a year in which that has not come."""
        day = self.remind_on
        while days.at(day, self.zone) <= now:
            day = days.year_after(day)
        anew: dict[str, Any] = {"due_at": days.at(day, self.zone), "remind_on": day, "mails": 0}
        return bool(transition(self, self.Status.WAITING, frm=self.RUNNING, **anew, call=None))

    def end(self, status: str, now: datetime) -> bool:
        """Leave waiting (or, when nothing should be sent any more, reminded); False when it is over
        already."""
        return bool(transition(self, status, ended_on=timezone.localdate(now), call=None))

    def give(self, now: datetime) -> bool:
        """A gift ends it. What is every year goes on, and is silent until the next: also if its
        mail was to come this year (donations/asking/reminding.py)."""
        if self.yearly and self.status == self.Status.WAITING:
            return False
        return self.next_year(now) if self.yearly else self.end(self.Status.GIVEN, now)

    def tally(self, outcome: str, **more: Any) -> Tally:
        what = {"variant": self.variant_id or 0} | more
        return Tally.of(self.created_on, self.choice, outcome, **what)
