"""``manage.py stripe_import [--dry-run]``: take over an account's recurring contributions."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from donations import money
from donations.models import RecurringContribution
from donations.payments import gateway, sync
from donations.payments.mirror.recurring import frequency_of


class Command(BaseCommand):
    help = "Adopt the account's subscriptions that were made elsewhere. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Show, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        known = set(RecurringContribution.objects.values_list("stripe_subscription", flat=True))
        taken = skipped = 0
        for pk in gateway.objects_since("subscriptions", timezone.now()):
            if pk in known:
                skipped += 1
                continue
            taken += 1
            if options["dry_run"]:
                self._show(pk)
            elif recurring := self._adopt(pk):
                self.stdout.write(f"{pk}  {recurring}  {recurring.status}")
        words = "would be taken over" if options["dry_run"] else "taken over"
        self.stdout.write(f"{taken} {words}, {skipped} known already")

    def _adopt(self, pk: str) -> RecurringContribution | None:
        try:
            return sync.pull_subscription(pk, adopt=True)
        except gateway.FAILURES as error:
            why = f"{pk} was not taken over: {type(error).__name__}. Run this again."
            raise CommandError(why) from error

    def _show(self, pk: str) -> None:
        subscription = gateway.subscription(pk)
        amount = gateway.next_payment(pk)
        shown = "nothing" if amount is None else money.show(amount, subscription.currency)
        self.stdout.write(f"{pk}  {shown} {frequency_of(subscription)}  {subscription.status}")
