"""A mailed link that was pressed before says what it has done, and does nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsroom.core import tokens
from newsroom.models import Suppression
from subscriptions.models import Consent, Seed, Subscription
from subscriptions.readers import seeds, signup
from tests.factories import make_subscription

ALREADY = "You have confirmed this already."


@pytest.fixture
def pending(site) -> Subscription:
    return make_subscription(site.newsletter, "ann@example.org", "pending")


@pytest.fixture
def link(pending) -> str:
    return f"/newsletter/confirm/{token_of(pending)}/"


def token_of(subscription: Subscription) -> str:
    state = [signup.decisions(subscription), signup.mark(subscription.subscriber.suppression)]
    return tokens.expiring("confirm", [subscription.pk, *state])


def test_confirmed_link_says_so_and_changes_nothing(client, link: str) -> None:
    assert "Yes, subscribe me" in client.get(link).text
    first = client.post(link).text
    assert "You are subscribed" in first and ALREADY not in first
    before = Consent.objects.count()
    for press in (client.get, client.get, client.post):
        page = press(link)
        assert page.status_code == 200 and ALREADY in page.text
        assert "You are subscribed" in page.text and "Yes, subscribe me" not in page.text
    assert Consent.objects.count() == before


def test_it_says_so_too_when_it_is_too_old_to_confirm_anything(client, link: str) -> None:
    client.post(link)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=True):
        assert ALREADY in client.get(link).text
        assert ALREADY in client.post(link).text


def test_link_that_confirmed_nothing_in_time_has_expired(client, link: str, pending) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        for press in (client.get, client.post):
            page = press(link)
            assert page.status_code == 403 and "This link has expired." in page.text
        pending.subscriber.delete()  # as forget_unconfirmed does
        assert "This link has expired." in client.get(link).text


def test_confirmed_link_of_who_left_since_says_that_something_changed(
    client, link, pending
) -> None:
    client.post(link)
    pending.refresh_from_db()
    signup.unsubscribe(pending, how="own page")
    for days in (0, 400):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
            page = client.get(link)
            assert page.status_code == 403 and ALREADY not in page.text


def test_used_unsubscribe_link_says_that_they_left(client, site) -> None:
    subscription = make_subscription(site.newsletter)
    path = f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', subscription.pk)}/"
    assert "<button" in client.get(path).text
    client.post(path)
    again = client.get(path).text
    assert "You are unsubscribed" in again and "your own page" in again
    assert ">Unsubscribe</button>" not in again
    signup.resubscribe(Subscription.objects.get())
    assert "<button" in client.get(path).text  # it takes them off again


def test_unsubscribe_link_of_an_erased_reader_says_the_same(client, site) -> None:
    path = f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', 10**9)}/"
    for press in (client.get, client.post):
        assert "You are unsubscribed" in press(path).text


def test_seed_that_agreed_is_told_so(client, site) -> None:
    seeds.ask(site.newsletter, "seed@example.org")
    path = f"/newsletter/seed/{seeds.token_of(Seed.objects.get())}/"
    assert "Yes, send it here first" in client.get(path).text
    client.post(path)
    page = client.get(path).text
    assert "comes to this mailbox first" in page and "Yes, send it here first" not in page
    Seed.objects.all().delete()
    assert "nothing behind this link any more" in client.get(path).text


def test_own_page_of_who_was_erased_is_not_called_half_a_link(client, db) -> None:
    page = client.get(f"/newsletter/preferences/{tokens.permanent('preferences', 10**9)}/")
    assert page.status_code == 404 and "nothing behind this link any more" in page.text
    assert "not complete" not in page.text


def test_who_complained_is_not_told_that_they_are_subscribed(client, link, pending) -> None:
    client.post(link)
    Suppression.objects.create(email_index=pending.subscriber.email_index, reason="complaint")
    page = client.get(link)
    assert page.status_code == 403 and ALREADY not in page.text
