"""``manage.py books``: book what has moved at Stripe, and say whether both agree."""

from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from donations.books import agreement
from donations.payments.leases import Busy


class Command(BaseCommand):
    help = "Book what has moved at Stripe; compare balance, payouts, charges and contributions."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = agreement.check(timezone.now())
        except stripe.StripeError as error:
            raise CommandError(f"Stripe does not answer: {type(error).__name__}.") from error
        except Busy as error:
            raise CommandError("Another is at it just now: run it again.") from error
        for finding in found:
            sign = "ok" if finding.agrees else "NO"
            self.stdout.write(f"{finding.what:<16}{sign:<4}{finding.words}".rstrip())
        if differ := sum(not finding.agrees for finding in found):
            raise CommandError(f"{differ} do not agree: the reviews say more.")
