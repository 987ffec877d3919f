"""What donors are told ahead: that their card expires, that what they give each year renews. Once
each; they may come late, as long as a mail is remembered (newsroom/retention.py)."""

from datetime import date

from django.utils import timezone

from donations.models import GivingWords, RecurringContribution
from newsroom.core.database import keyset
from newsroom.mail import outbox


def tell(today: date | None = None) -> None:
    today = today or timezone.localdate()
    given = RecurringContribution.objects
    for recurring in keyset(given.card_expires_soon(today)):
        outbox.post(
            "card_expiring", recurring.pk, key=f"{recurring.pk}-{recurring.card_expires_on}"
        )
    if days := GivingWords.load().days_before_renewal:
        for recurring in keyset(given.renews_soon(today, days)):
            on = timezone.localdate(recurring.renews_at)
            outbox.post("renewal", recurring.pk, key=f"{recurring.pk}-{on}")
