"""What finance has to look at: why, until when, whose it is, and what was decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Least
from django.utils import timezone

from donations import money
from donations.models.contribution import Contribution
from donations.models.refund import Refund
from newsroom.core.moves import Moves, transition
from newsroom.core.privacy import EncryptedField

OPEN, PROPOSED, DECIDED, SETTLED = "open", "proposed", "decided", "settled"
WAITS, CLOSED = [OPEN, PROPOSED], [DECIDED, SETTLED]


class ReviewQuerySet(models.QuerySet["Review"]):
    def waiting(self) -> "ReviewQuerySet":
        """Those nobody has closed, the most urgent first."""
        return self.filter(status__in=WAITS).order_by(
            F("due_at").asc(nulls_last=True), "opened_at", "pk"
        )

    def closed(self) -> "ReviewQuerySet":
        return self.filter(status__in=CLOSED)


class Review(models.Model):
    """Something a machine must not decide. One for each kind and object.

    What happened settles it, and may open it again; what a person decided stays decided. So a turn
    for the worse is of another kind: an inquiry that becomes a dispute is a new review. All that
    was done with it is in its steps (ReviewStep), which are never changed.
    """

    class Kind(models.TextChoices):
        INQUIRY = "inquiry", "Inquiry of a bank"
        DISPUTE = "dispute", "Dispute"
        APPEAL = "appeal", "Lost dispute that can be appealed"
        FRAUD_WARNING = "fraud_warning", "Early fraud warning"
        REFUND_FAILED = "refund_failed", "Refund failed"
        REFUND_WAITS = "refund_waits", "Refund waits for a second person"
        LIMIT = "limit", "Higher limit waits for a second person"
        EVENT = "event", "Event that can't be processed"
        UNKNOWN = "unknown", "Stripe says something new"
        OFF_STRIPE = "off_stripe", "Paid outside of Stripe"
        PAYOUT = "payout", "Payout that came back"
        CARD_TESTING = "card_testing", "Somebody tries cards"
        # What has arrived, and is looked over (donations/finance/review/watching.py).
        LARGE = "large", "Unusually large"
        MANY_SMALL = "many_small", "Many small ones from one network"
        BLOCKED = "blocked", "On our block list"
        # Where the books don't agree with Stripe (donations/books/agreement.py).
        PAYOUT_SUM = "payout_sum", "Payout that does not add up"
        BALANCE = "balance", "Balance that is not Stripe’s"
        CHARGE = "charge", "Charge of no contribution"
        NO_CHARGE = "no_charge", "Contribution without its charge"
        SUSPENSE = "suspense", "Movement that nobody has explained"
        BANK = "bank", "Line of the bank’s that is no payout"
        NOT_IN_BANK = "not_in_bank", "Payout that the bank does not have"

    # Until when somebody should have looked, in days, where nobody else sets a time.
    DAYS = {
        Kind.FRAUD_WARNING: 1, Kind.CARD_TESTING: 1, Kind.MANY_SMALL: 1,
        Kind.INQUIRY: 3, Kind.DISPUTE: 3, Kind.APPEAL: 3, Kind.REFUND_WAITS: 3, Kind.BLOCKED: 3,
        Kind.PAYOUT: 3, Kind.EVENT: 3, Kind.BALANCE: 3, Kind.PAYOUT_SUM: 3,
        Kind.LARGE: 7, Kind.LIMIT: 7, Kind.REFUND_FAILED: 7, Kind.UNKNOWN: 7, Kind.SUSPENSE: 7,
        Kind.CHARGE: 14, Kind.NO_CHARGE: 14, Kind.BANK: 14, Kind.NOT_IN_BANK: 14,
        Kind.OFF_STRIPE: 14,
    }  # fmt: skip
    # What it says of these may name somebody: a colleague wrote it, a bank, or a sender.
    MAY_NAME = {Kind.REFUND_WAITS, Kind.SUSPENSE, Kind.BANK, Kind.EVENT}

    OVER_WHEN_DECLINED = {Kind.REFUND_WAITS, Kind.LIMIT}  # there is nothing else to decide

    OVER_WHEN_GIVEN_BACK = [
        Kind.FRAUD_WARNING, Kind.REFUND_WAITS, Kind.LARGE, Kind.BLOCKED,
    ]  # fmt: skip

    class Status(models.TextChoices):
        OPEN = OPEN
        PROPOSED = PROPOSED, "waits for a second person"
        DECIDED = DECIDED
        SETTLED = SETTLED, "settled by itself"

    MOVES: Moves = {  # to: from
        Status.PROPOSED: {Status.OPEN},
        Status.DECIDED: {Status.OPEN, Status.PROPOSED},
        # By what happened; also what was accepted, when it is over.
        Status.SETTLED: {Status.OPEN, Status.PROPOSED, Status.DECIDED},
        # Taken back, or declined; what had settled it is over; Stripe refused what was decided.
        Status.OPEN: {Status.PROPOSED, Status.SETTLED, Status.DECIDED},
    }

    class Choice(models.TextChoices):
        ACCEPT = "accept"
        REFUND = "refund"
        BLOCK = "block"
        DECLINE = "no", "Declined"  # what a colleague asked for, and nothing else is to be decided

    kind = models.CharField(max_length=16, choices=Kind)
    about = models.CharField(max_length=255, help_text="The id of what it is about.")
    contribution = models.ForeignKey(
        Contribution, null=True, on_delete=models.CASCADE, related_name="reviews"
    )
    why = EncryptedField(context="review.why")
    amount = models.BigIntegerField(
        null=True, help_text="What it is about, in the smallest unit: is it much?"
    )
    currency = models.CharField(max_length=3, blank=True)
    due_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    choice = models.CharField(max_length=6, choices=Choice, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    refund = models.ForeignKey(Refund, null=True, on_delete=models.SET_NULL, related_name="reviews")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision = EncryptedField(context="review.decision", blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about"], name="one_review_per_kind_and_object"
            ),
            models.CheckConstraint(
                condition=Q(status__in=WAITS, closed_at=None)
                | Q(status__in=CLOSED, closed_at__isnull=False),
                name="review_is_closed_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[OPEN, SETTLED], choice="")
                | (Q(status__in=[PROPOSED, DECIDED]) & ~Q(choice="")),
                name="review_has_what_was_chosen",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by=None) | Q(closed_by=None) | ~Q(closed_by=F("proposed_by")),
                name="who_proposed_does_not_approve",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status__in=WAITS), name="reviews_waiting")
        ]
        permissions = [("decide_review", "Can decide reviews and refund contributions")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def waits(self) -> bool:
        return self.status in WAITS

    @property
    def settled(self) -> bool:
        return self.status == SETTLED

    @property
    def shown_amount(self) -> str:
        return "" if self.amount is None else money.show(self.amount, self.currency)

    @classmethod
    def open(
        cls,
        kind: str,
        about: str,
        why: str,
        *,
        contribution: Contribution | None = None,
        due_at: datetime | None = None,
        **fields: Any,
    ) -> None:
        """Once, however often it is asked for, and again if what had settled it is over. The
        deadline and the reason are the newest, while it waits."""
        if contribution:
            of_it = {"amount": contribution.amount, "currency": contribution.currency}
            fields = {"contribution": contribution} | of_it | fields
        until = due_at or timezone.now() + timedelta(days=cls.DAYS[cls.Kind(kind)])
        with transaction.atomic():
            found, new = Review.objects.get_or_create(
                kind=kind, about=about, defaults={"why": why[:300], "due_at": until, **fields}
            )
            if new and found.proposed_by:  # a colleague began it
                who = found.proposed_by.get_username()[:150]
                found.steps.create(what="proposed", who=who, choice=found.choice)
        if new:
            return
        found.move(
            OPEN, "opened", frm=[SETTLED], closed_at=None, decision="", due_at=until, owner=None
        )
        newest: dict[str, Any] = {"due_at": due_at} if due_at else {}
        if due_at and found.steps.filter(what="due").exists():  # its owner's may be earlier
            newest["due_at"] = Least("due_at", Value(due_at))
        if found.why != why[:300]:
            newest["why"] = why[:300]
        if newest:
            Review.objects.filter(pk=found.pk, status__in=WAITS).update(**newest)

    @classmethod
    def settle(cls, kind: str, about: str, decision: str) -> None:
        """Closed by what happened, not by a person. A refund that waits for its second person
        goes with it: nobody would see it any more."""
        for found in Review.objects.waiting().filter(kind=kind, about=about):
            found.settles(decision[:300])

    @classmethod
    def settle_given_back(cls, contribution: Contribution) -> None:
        """All of it went back, here or at Stripe: nothing is left to decide about it."""
        for found in contribution.reviews.waiting().filter(kind__in=cls.OVER_WHEN_GIVEN_BACK):
            found.settles("All of it went back.")

    def settles(self, words: str, frm: Sequence[str] = WAITS) -> None:
        """What somebody decided meanwhile stays; ``frm`` empty: it goes, too."""
        none: dict[str, Any] = {"choice": "", "proposed_by": None}
        with transaction.atomic():
            now = timezone.now()
            fields: dict[str, Any] = {"closed_at": now, "decision": words} | none
            if self.move(SETTLED, "settled", text=words, frm=frm, **fields):
                waiting = Refund.objects.filter(reviews=self, status=Refund.Status.WAITING)
                transition(waiting, Refund.Status.DECLINED)

    def move(
        self,
        to: str,
        step: str,
        *,
        who: str = "",
        text: str = "",
        frm: Any = (),
        choice: str | None = None,
        **fields: Any,
    ) -> bool:
        """One winner of each move, which is written down with it."""
        if choice is not None:
            fields["choice"] = choice
        with transaction.atomic():
            moved = transition(self, to, frm=frm, **fields)
            if moved:
                self.steps.create(what=step, who=who, text=text, choice=self.choice)
        return bool(moved)
