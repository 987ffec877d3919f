"""Who is suppressed and comes back; links that are older than a decision."""

import pytest

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.models import Suppression, SuppressionLift
from subscriptions.models import Subscriber, Subscription
from subscriptions.readers import signup
from tests.factories import make_subscription
from tests.subscriptions.readers.test_signup import link_in, sign_up

pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")
ADDRESS = "back@example.org"
LIFTED = ["refused", "bounce"]
KEPT = ["request", "complaint", "erasure"]


def suppress(reason: str) -> None:
    Suppression.add(list_index(ADDRESS), reason)


@pytest.mark.parametrize("before", ["", "confirmed", "unsubscribed", "pending"])
@pytest.mark.parametrize("reason", LIFTED)
def test_owner_signs_up_again_confirms_and_is_written_to(
    client, committing, inbox, site, reason, before
) -> None:
    if before:
        make_subscription(site.newsletter, ADDRESS, status=before)
    suppress(reason)
    before_mails = len(inbox.to(ADDRESS))
    sign_up(client, committing, email=ADDRESS)
    assert not Subscription.objects.mailable().exists()  # nothing is lifted by typing an address
    mail = inbox.to(ADDRESS)[0]
    assert len(inbox.to(ADDRESS)) == before_mails + 1 and "confirm" in mail["subject"]
    path = link_in(mail, "/confirm/")
    client.get(path)
    assert Suppression.objects.exists()
    assert "You are subscribed" in client.post(path).text
    assert "You are subscribed" in client.post(path).text
    assert Subscription.objects.mailable().count() == 1
    assert SuppressionLift.objects.get().reason == reason


@pytest.mark.parametrize("reason", KEPT)
def test_who_complained_or_was_erased_gets_nothing_and_leaves_nothing(
    client, committing, inbox, reason
) -> None:
    suppress(reason)
    mails = len(inbox.to(ADDRESS))
    answer = sign_up(client, committing, email=ADDRESS)
    other = sign_up(client, committing, email="other@example.org")
    assert answer.text == other.text  # the page tells nobody
    assert "If we may write to this address, a mail is on its way" in answer.text
    assert len(inbox.to(ADDRESS)) == mails
    assert not Subscriber.objects.with_email(ADDRESS).exists()


@pytest.mark.parametrize("reason", KEPT)
def test_no_page_says_subscribed_when_nothing_will_come(client, site, reason) -> None:
    subscription = make_subscription(site.newsletter, ADDRESS, status="pending")
    confirm = f"/newsletter/confirm/{signup.confirm_token(subscription)}/"
    own = f"/newsletter/preferences/{tokens.permanent('preferences', subscription.subscriber_id)}/"
    suppress(reason)
    answer = client.post(confirm)
    assert answer.status_code == 403 and "do not write to this address" in answer.text
    Subscription.objects.update(status="unsubscribed")
    page = client.get(own).text
    assert "do not write to your address" in page and 'name="return"' not in page
    assert client.post(own, {"newsletter": "weekly", "return": "1"}).status_code == 403
    assert not Subscription.objects.filter(status="confirmed").exists()


@pytest.mark.parametrize("reason", LIFTED)
def test_own_page_says_that_nothing_comes_and_mends_it(client, site, reason) -> None:
    subscription = make_subscription(site.newsletter, ADDRESS)
    own = f"/newsletter/preferences/{tokens.permanent('preferences', subscription.subscriber_id)}/"
    suppress(reason)
    page = client.get(own).text
    assert "does not reach you" in page and "You are on its list." not in page
    assert Suppression.objects.exists()
    client.post(own, {"newsletter": "weekly", "return": "1"})
    assert "You are on its list." in client.get(own).text
    assert Subscription.objects.mailable().exists()


def test_link_from_before_leaving_subscribes_nobody(client, committing, inbox) -> None:
    sign_up(client, committing, email=ADDRESS)
    old = link_in(inbox.to(ADDRESS)[0], "/confirm/")
    client.post(old)
    subscription = Subscription.objects.get()
    signup.unsubscribe(subscription, how="page")
    for press in (client.get, client.post):
        answer = press(old)
        assert answer.status_code == 403 and "Something has changed" in answer.text
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    signup.resubscribe(subscription)
    signup.unsubscribe(subscription, how="page")
    assert client.post(old).status_code == 403
    assert not Subscription.objects.mailable().exists()


def test_leaving_before_confirming_ends_the_link_too(client, committing, inbox, site) -> None:
    sign_up(client, committing, email=ADDRESS)
    old = link_in(inbox.to(ADDRESS)[0], "/confirm/")
    signup.unsubscribe(Subscription.objects.get(), how="page")
    assert client.post(old).status_code == 403
    Subscription.objects.update(status="pending")  # signed up again
    fresh = f"/newsletter/confirm/{signup.confirm_token(Subscription.objects.get())}/"
    assert client.post(old).status_code == 403
    assert "You are subscribed" in client.post(fresh).text


def test_link_from_before_a_bounce_proves_nothing_and_a_new_one_does(
    client, committing, inbox
) -> None:
    sign_up(client, committing, email=ADDRESS)
    old = link_in(inbox.to(ADDRESS)[0], "/confirm/")
    client.post(old)
    suppress("bounce")
    for _ in range(2):
        assert client.post(old).status_code == 403
    assert Suppression.objects.exists()
    mails = len(inbox.to(ADDRESS))
    sign_up(client, committing, email=ADDRESS)  # within the same ten minutes
    assert len(inbox.to(ADDRESS)) == mails + 1
    new = link_in(inbox.to(ADDRESS)[0], "/confirm/")
    assert "You are subscribed" in client.post(new).text
    suppress("bounce")
    assert client.post(new).status_code == 403
    assert Suppression.objects.exists()


def test_who_leaves_and_comes_back_within_minutes_gets_a_link_that_works(
    client, committing, inbox
) -> None:
    sign_up(client, committing, email=ADDRESS)
    client.post(link_in(inbox.to(ADDRESS)[0], "/confirm/"))
    signup.unsubscribe(Subscription.objects.get(), how="page")
    sign_up(client, committing, email=ADDRESS)
    assert "You are subscribed" in client.post(link_in(inbox.to(ADDRESS)[0], "/confirm/")).text


def test_stranger_who_types_the_address_takes_no_button_away(
    client, committing, inbox, site
) -> None:
    subscription = make_subscription(site.newsletter, ADDRESS)
    signup.unsubscribe(subscription, how="page")
    sign_up(client, committing, email=ADDRESS)
    own = f"/newsletter/preferences/{tokens.permanent('preferences', subscription.subscriber_id)}/"
    page = client.get(own).text
    assert "You have left it" in page and "Subscribe again" in page
    client.post(own, {"newsletter": "weekly", "return": "1"})
    assert "You are on its list." in client.get(own).text
