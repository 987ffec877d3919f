"""How readers come and go is noted by day, newsletter and source, whoever moves them."""

from datetime import date, timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import ReaderMove, Subscription
from subscriptions.readers import signup
from tests.factories import make_subscriber, make_subscription

TODAY = timezone.localdate()
pytestmark = pytest.mark.django_db


def noted(**which: object) -> dict[str, int]:
    kinds = ReaderMove.objects.filter(**which).values_list("kind").annotate(n=Sum("readers"))
    return dict(kinds)


def test_a_readers_way_is_noted_step_by_step(site) -> None:
    signup.sign_up(site.newsletter, "ann@example.org", "page")
    assert noted() == {"new": 1}
    ann = Subscription.objects.get()
    signup.confirm(signup.confirm_token(ann))
    assert noted() == {"new": 1, "confirmed": 1}
    signup.unsubscribe(ann, "one-click")
    assert noted() == {"new": 1, "confirmed": 1, "left": 1}
    signup.unsubscribe(ann, "one-click")
    today = timezone.localdate()
    assert noted(newsletter=site.newsletter, on=today) == {"new": 1, "confirmed": 1, "left": 1}


def test_who_bounces_and_leaves_is_gone_once(site) -> None:
    reader = make_subscription(site.newsletter, "ann@example.org")
    Suppression.add(list_index("ann@example.org"), "bounce")
    Suppression.add(list_index("ann@example.org"), "complaint")
    signup.unsubscribe(reader, "complained")
    assert noted() == {"new": 1, "confirmed": 1, "bounced": 1}


def test_complaint_and_erasure_are_leaving(site) -> None:
    for reason in ("complaint", "request"):
        make_subscription(site.newsletter, f"{reason}@example.org")
        Suppression.add(list_index(f"{reason}@example.org"), reason)
    make_subscription(site.newsletter).subscriber.delete()
    assert noted() == {"new": 3, "confirmed": 3, "left": 3}


def test_who_is_moved_in_stands_where_they_joined(site) -> None:
    long_ago = TODAY - timedelta(days=800)
    Subscription.objects.bulk_create(
        Subscription(
            subscriber=make_subscriber(),
            newsletter=site.newsletter,
            status=status,
            source="import 1",
            created_on=long_ago,
            confirmed_on=long_ago,
        )
        for status in ("confirmed", "confirmed", "unsubscribed", "pending")
    )
    assert noted(source="import 1", on=long_ago) == {"new": 3, "confirmed": 2}
    assert noted(source="") == {}


def test_fold_keeps_what_was_noted_and_forgets_a_newsletter_that_is_gone(site) -> None:
    for _ in range(3):
        make_subscription(site.newsletter)
    ReaderMove.objects.create(
        newsletter_id=987654, source="", on=date(2020, 1, 1), kind="left", readers=3
    )
    before = noted(newsletter=site.newsletter)
    ReaderMove.objects.fold()
    assert noted() == before == {"new": 3, "confirmed": 3}
    assert ReaderMove.objects.count() == 2
