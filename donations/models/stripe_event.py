"""What mirroring Stripe needs of its own: the inbox of events, how far the catch-up has come, and
whose turn it is to look at an object."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

RETRY_AFTER = [timedelta(seconds=seconds) for seconds in (10, 60, 600, 3600, 6 * 3600)]


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def take_in(self, rows: list["StripeEvent"]) -> list[str]:
        """Store those that are new, in one statement; their ids, each told to one caller only.

        ``bulk_create(ignore_conflicts=True)`` stores them, too, and does not say which were new.
        """
        if not rows:
            return []
        fields = StripeEvent._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        places = f"({', '.join(['%s'] * len(fields))})"
        values = [
            field.get_db_prep_save(field.pre_save(row, True), connection)
            for row in rows
            for field in fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {StripeEvent._meta.db_table} ({columns}) "
                f"VALUES {', '.join([places] * len(rows))} ON CONFLICT DO NOTHING RETURNING id",
                values,
            )
            return [pk for (pk,) in cursor.fetchall()]

    def unhandled(self, now: datetime) -> "StripeEventQuerySet":
        return self.filter(handled_at=None, next_try_at__lte=now)


class StripeEvent(models.Model):
    """A hint that an object changed. Holds ids only: the truth is retrieved."""

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255)
    created_at = models.DateTimeField(help_text="When it happened, by Stripe's clock.")
    received_at = models.DateTimeField(auto_now_add=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    handled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(handled_at=None), name="events_to_handle"
            ),
            models.Index(fields=["object_id"], name="events_of_object"),
            BrinIndex(fields=["received_at"], name="events_by_time"),  # rows come in its order
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @classmethod
    def of(cls, event: Any) -> "StripeEvent":
        """Stripe's Event object as a row, not stored yet. Raises AttributeError, KeyError,
        TypeError, ValueError, OverflowError for what is none."""
        row = cls(
            id=event.id,
            type=event.type,
            object_id=getattr(event.data.object, "id", None) or "",
            created_at=datetime.fromtimestamp(event.created, UTC),
        )
        for name, most in (("id", 255), ("type", 100), ("object_id", 255)):
            text = getattr(row, name)
            if not isinstance(text, str) or len(text) > most or not text.isascii() or "\0" in text:
                raise ValueError(f"no {name} of Stripe's")
        return row


class CatchUp(models.Model):
    """How far the catch-up over Stripe's own list of events has come: one row."""

    until = models.DateTimeField(help_text="Everything before this is here.")
    ran_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"caught up until {self.until}"


class Lease(models.Model):
    """Whose turn it is to ask Stripe about one thing and to write down the answer: until then, or
    until somebody else has taken it over. Held by ``payments/leases.py``, and gone when given back.
    """

    # A fencing token: each taking has a higher one, whatever was taken (Martin Kleppmann, “How to
    # do distributed locking”). So a row that was deleted and made anew is another lease.
    token = models.BigAutoField(primary_key=True)
    about = models.CharField(max_length=255, help_text="Stripe's id, or our row's.")
    held_until = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about"], name="one_lease_about_each")]

    def __str__(self) -> str:
        return f"{self.about} until {self.held_until}"
