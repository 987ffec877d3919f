"""What donations says of itself at /metrics: Stripe's events, and money that waits for a person."""

from collections.abc import Iterator

from django.db.models import Min, Sum
from django.utils import timezone
from prometheus_client.core import Metric

from donations.models import CatchUp, Contribution, Review, StripeEvent
from newsroom.metrics.exposition import gauge, waiting


def of_stripe() -> Iterator[Metric]:
    now = timezone.now()
    inbox = StripeEvent.objects.filter(handled_at=None)
    yield gauge("newsroom_stripe_events_waiting", "Not mirrored yet.", waiting(inbox))
    oldest = inbox.aggregate(oldest=Min("received_at"))["oldest"]
    lag = (now - oldest).total_seconds() if oldest else 0
    yield gauge("newsroom_stripe_lag_seconds", "How long the oldest one waits.", lag)
    ran_at = CatchUp.objects.values_list("ran_at", flat=True).first()
    since = (now - ran_at).total_seconds() if ran_at else None
    words = "Since the last pass over Stripe's own list of events."
    yield gauge("newsroom_stripe_catch_up_seconds", words, since)


def of_money() -> Iterator[Metric]:
    """In the currency's smallest unit."""
    reviews = Review.objects.waiting()
    yield gauge("newsroom_reviews_open", "Reviews that nobody has closed.", waiting(reviews))
    about = Contribution.objects.filter(pk__in=reviews.order_by().values("contribution"))
    sums = about.order_by().values_list("currency").annotate(Sum("amount"))
    unclear = {(currency,): amount for currency, amount in sums}
    words = "Contributions of which something is still to be decided, in the smallest unit."
    yield gauge("newsroom_unreconciled_amount", words, unclear, "currency")


TELLERS = [of_stripe, of_money]
