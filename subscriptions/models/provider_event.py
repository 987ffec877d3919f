"""What the mail provider has told us: an inbox, emptied as it is followed, and what keeps the same
from counting twice.

A row is what follows from an event, not the event: the verdict, the address's blind index, the
call. No address comes here, not even a sealed one, and no server's words. Times are days.
"""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from newsroom.core.privacy import BlindIndexField

DELIVERED = "delivered"


class Told(NamedTuple):
    """An event as it is taken in: its key, and what there is to follow."""

    key: bytes
    what: str
    email_index: bytes
    batch_id: uuid.UUID | None
    provider_id: str
    happened_on: date


# Whoever repeats the same at the same moment waits for the first, always in one order.
TAKE_IN = """
    WITH told AS (
        SELECT DISTINCT ON (key) * FROM unnest(
            %s::bytea[], %s::text[], %s::bytea[], %s::uuid[], %s::text[], %s::date[]
        ) AS told (key, what, email_index, batch_id, provider_id, happened_on)
        ORDER BY key
    ), fresh AS (
        INSERT INTO subscriptions_providereventkey (key, received_on)
        SELECT key, %s FROM told ON CONFLICT DO NOTHING RETURNING key
    )
    INSERT INTO subscriptions_providerevent
        (what, email_index, batch_id, provider_id, happened_on, received_on)
    SELECT what, email_index, batch_id, provider_id, happened_on, %s
    FROM told JOIN fresh USING (key)
"""


class ProviderEventQuerySet(models.QuerySet["ProviderEvent"]):
    def take_in(self, told: Sequence[Told]) -> int:
        """Store those that were not told before, in one statement; how many."""
        if not told:
            return 0
        columns = [list(column) for column in zip(*told, strict=True)]
        today = timezone.localdate()
        with connection.cursor() as cursor:
            cursor.execute(TAKE_IN, [*columns, today, today])
            return cursor.rowcount

    def waiting(self) -> "ProviderEventQuerySet":
        return self.filter(set_aside_on=None)


class ProviderEvent(models.Model):
    """An event that waits to be followed; the row goes in the transaction that does so."""

    what = models.CharField(
        max_length=24, help_text="A verdict, or “delivered”; empty: only that the call was taken."
    )
    email_index = BlindIndexField(help_text="Empty: nobody's.")
    batch_id = models.UUIDField(null=True, help_text="Which call, if it says so; perhaps not ours.")
    provider_id = models.CharField(max_length=200, help_text="The provider's own id of the call.")
    happened_on = models.DateField()
    received_on = models.DateField()
    set_aside_on = models.DateField(
        null=True, help_text="It could not be followed; empty it to have it tried again."
    )

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(set_aside_on=None), name="events_to_follow")
        ]

    def __str__(self) -> str:
        return f"{self.what or 'proof'} {self.pk}"


class ProviderEventKey(models.Model):
    """That an event was taken in: a keyed hash of its provider's id of it, or of all that it says.
    It names nobody, and outlives the event as long as a provider may repeat it."""

    KEPT = timedelta(days=7)  # providers repeat for three days at most

    key = models.BinaryField(primary_key=True, max_length=32, editable=False)
    received_on = models.DateField(db_index=True)

    def __str__(self) -> str:
        return "an event told before"
