"""Addresses that must get no mail, and how one comes off the list again."""

import secrets
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField

ADD_ALL = """
    INSERT INTO newsroom_suppression AS there (email_index, reason, since, mark)
    SELECT email_index, reason, %s, mark
    FROM unnest(%s::bytea[], %s::text[], %s::bigint[]) AS added (email_index, reason, mark)
    ORDER BY email_index
    ON CONFLICT (email_index) DO UPDATE
    SET reason = excluded.reason, since = excluded.since, mark = excluded.mark
    WHERE array_position(%s::text[], excluded.reason::text)
        > array_position(%s::text[], there.reason::text)
"""


def new_mark() -> int:
    return secrets.randbits(63)


class Suppression(models.Model):
    """An address that must get no mail. Only its blind index is kept, so that it outlives the
    subscriber and a later import can't bring the address back.

    The strictest reason stands. What a mailbox said (a bounce, a refusal) its owner takes back by
    signing up and confirming. What its owner said (no mail, a complaint, an erasure) only staff
    take back: to ask for a confirmation would be a mail, which anybody could cause.
    """

    class Reason(models.TextChoices):
        """From the mildest to the strictest."""

        REFUSED = "refused", "refused by the provider"
        BOUNCE = "bounce", "mail came back"
        REQUEST = "request", "asked for no mail"
        COMPLAINT = "complaint", "reported as spam"
        ERASURE = "erasure", "erased"

    LIFTED_BY_OWNER = [Reason.REFUSED, Reason.BOUNCE]
    # No mail at all, said in so many words: not even a link that its owner might have asked for.
    NEVER_AGAIN = [Reason.REQUEST, Reason.ERASURE]

    email_index = BlindIndexField(primary_key=True)
    reason = models.CharField(max_length=12, choices=Reason)
    since = models.DateField(default=timezone.localdate)
    mark = models.BigIntegerField(
        default=new_mark, help_text="What a link carries to say under which one it was made."
    )

    class Meta:
        permissions = [("lift_suppression", "Can look up and lift suppressions")]

    def __str__(self) -> str:
        return self.reason

    @property
    def owner_may_lift(self) -> bool:
        return self.reason in self.LIFTED_BY_OWNER

    @staticmethod
    def of(index: bytes) -> "Suppression | None":
        return Suppression.objects.filter(email_index=index).first()

    @staticmethod
    def among(indexes: Collection[bytes]) -> set[bytes]:
        """Those of these addresses."""
        rows = Suppression.objects.filter(email_index__any_of=list(indexes))
        return {bytes(index) for index in rows.values_list("pk", flat=True)}

    @staticmethod
    def forbids(index: bytes) -> bool:
        """Not even to ask for a confirmation: its owner can't lift it by that."""
        found = Suppression.of(index)
        return bool(found and not found.owner_may_lift)

    @staticmethod
    def never_again(index: bytes) -> bool:
        """Its owner wants no mail, whatever anybody types into a form."""
        found = Suppression.of(index)
        return bool(found and found.reason in Suppression.NEVER_AGAIN)

    @staticmethod
    def add(index: bytes, reason: str) -> None:
        """A stricter reason takes the place of a milder one, never the other way round."""
        Suppression.add_all([(index, reason)])

    @staticmethod
    def add_all(found: Collection[tuple[bytes, str]]) -> None:
        """The same for many addresses, in one statement and in one order, so that two who do this
        don't wait for each other."""
        order = [str(reason) for reason in Suppression.Reason.values]
        strictest: dict[bytes, str] = {}
        for index, reason in found:
            before = strictest.get(bytes(index), order[0])
            strictest[bytes(index)] = max(before, str(reason), key=order.index)
        if strictest:
            indexes, reasons = list(strictest), list(strictest.values())
            marks = [new_mark() for _ in indexes]
            with connection.cursor() as cursor:
                cursor.execute(
                    ADD_ALL, [timezone.localdate(), indexes, reasons, marks, order, order]
                )

    @staticmethod
    def by_reason() -> list[tuple[str, int]]:
        """Each reason's words, and how many addresses; the strictest first."""
        counts = dict(Suppression.objects.values_list("reason").annotate(Count("pk")))
        return [(reason.label, counts.get(reason, 0)) for reason in reversed(Suppression.Reason)]

    def lift(self, why: str, by: Any = None) -> bool:
        """Off the list, with a record of it. False if lifted or made stricter meanwhile."""
        with transaction.atomic():
            gone, _ = Suppression.objects.filter(pk=self.pk, reason=self.reason).delete()
            if gone:
                SuppressionLift.objects.create(
                    email_index=self.email_index,
                    reason=self.reason,
                    why=why,
                    by=by,
                    by_name=by.get_username() if by else "",
                )
        return bool(gone)


class SuppressionLift(models.Model):
    """That an address may be written to again: whose word it was, and why. Rows are only added."""

    email_index = BlindIndexField()
    reason = models.CharField(max_length=12, choices=Suppression.Reason)
    why = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=150, blank=True, help_text="Empty: its owner.")
    on = models.DateField(default=timezone.localdate)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.reason} lifted"
