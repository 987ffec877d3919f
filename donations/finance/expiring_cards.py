"""Cards that expire soon: their owners are told a month ahead, once for each card."""

from django.utils import timezone

from donations.models import RecurringContribution
from newsroom.core.database import keyset
from newsroom.mail import outbox


def warn() -> None:
    soon = RecurringContribution.card_expires_soon(timezone.localdate())
    for recurring in keyset(RecurringContribution.objects.filter(soon)):
        outbox.post(
            "card_expiring", recurring.pk, key=f"{recurring.pk}-{recurring.card_expires_on}"
        )
