"""``manage.py stripe_catch_up [--objects]``: repair whatever webhooks missed, now."""

from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from donations.models import StripeEvent
from donations.payments import catch_up, events
from donations.payments.leases import Busy


class Command(BaseCommand):
    help = "Read Stripe's events since the last catch-up, and process those that never came."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--objects", action="store_true", help="Look at every object too.")

    def handle(self, *args: Any, **options: Any) -> None:
        found, busy = dict[str, int](), None
        try:
            found = catch_up.run(timezone.now(), objects=options["objects"])
        except stripe.StripeError as error:
            raise CommandError(f"Stripe does not answer: {type(error).__name__}.") from error
        except Busy as error:
            busy = error
        for event in StripeEvent.objects.unhandled(timezone.now()).order_by("created_at"):
            events.process(event)
        for name, number in found.items():
            self.stdout.write(f"{name:<20}{number:>8,}")
        left = StripeEvent.objects.filter(handled_at=None).count()
        self.stdout.write(f"{'still open':<20}{left:>8,}")
        if busy:
            raise CommandError("Others are at some of it still: run it again.") from busy
