from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Batch, Newsletter, Subscription
from subscriptions.readers.audience import audience_of
from subscriptions.sending import claiming
from tests.factories import make_article, make_frozen, make_issue, make_subscription

pytestmark = pytest.mark.django_db


def test_readers_of_another_newsletter_are_left_out_at_freeze_and_claim(site) -> None:
    other = site.newsletter.get_parent().add_child(
        instance=Newsletter(
            title="Other", slug="other", sender_name="O", sender_address="o@mail.example.org"
        )
    )
    both, only = (make_subscription(site.newsletter) for _ in range(2))
    Subscription.objects.create(subscriber=both.subscriber, newsletter=other, status="confirmed")
    site.newsletter.leave_out.add(other)
    site.newsletter.save()
    assert list(audience_of(site.newsletter)) == [only]
    issue = make_issue(site.newsletter, [make_article(site.section)])
    make_frozen(issue)
    batch = Batch.objects.get()
    assert batch.subscriber_ids == [only.subscriber_id]
    Subscription.objects.create(subscriber=only.subscriber, newsletter=other, status="confirmed")
    claim = claiming.claim()  # they have joined the other one meanwhile
    assert claim.recipients == ()


def test_new_readers_wait_for_the_welcome_series(site) -> None:
    site.newsletter.settle_days = 7
    site.newsletter.save()
    old, new = (make_subscription(site.newsletter) for _ in range(2))
    today = timezone.localdate()
    Subscription.objects.filter(pk=old.pk).update(confirmed_on=today - timedelta(days=8))
    Subscription.objects.filter(pk=new.pk).update(confirmed_on=today - timedelta(days=6))
    assert list(audience_of(site.newsletter)) == [old]
    assert audience_of(site.newsletter).count() == 1
