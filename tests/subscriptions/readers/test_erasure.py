"""A reader's data: shown, taken away, and ended."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import Batch, LeavingReason, Subscriber, Subscription
from subscriptions.readers import erasure, seeds, signup
from subscriptions.readers.data import held
from tests.factories import make_article, make_frozen, make_issue, make_subscription

pytestmark = pytest.mark.django_db
EMAIL = "ann@example.org"


@pytest.fixture
def ann(site) -> Subscription:
    reader = make_subscription(site.newsletter, EMAIL)
    signup.record(reader, "confirmed", "mailed link")
    return reader


def own_page(reader: Subscription) -> str:
    return f"/newsletter/preferences/{tokens.permanent('preferences', reader.subscriber_id)}/"


def test_data_come_by_a_fresh_link_since_they_show_the_address(
    client, site, ann, inbox, committing
) -> None:
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    Batch.objects.update(status="accepted")
    for page in ("", "address/", "data/", "erase/"):
        assert EMAIL not in client.get(own_page(ann) + page).text
    for _ in range(2):
        with committing():
            client.post(f"{own_page(ann)}data/")
    [mail] = inbox.to(EMAIL)
    [link] = re.findall(r"/newsletter/data/[^/\s]+/", mail["text"])
    page = client.get(link)
    assert EMAIL in page.text and mailing.subject in page.text and "<bdi>7</bdi>" in page.text
    answer = client.post(link)
    assert "no-store" in answer["Cache-Control"] and "attachment" in answer["Content-Disposition"]
    found = json.loads(answer.content)
    assert found["email"] == EMAIL
    [newsletter] = found["newsletters"]
    assert newsletter["agreed"][0]["policy_version"] == "7"
    assert [one["issue"] for one in found["sent"]] == [mailing.subject]
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        assert client.get(link).status_code == 403


def test_sent_is_what_went_to_them_and_to_nobody_else(site, ann) -> None:
    make_subscription(site.newsletter)
    make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    assert list(held.sent_to(ann.subscriber)) == []  # not yet
    Batch.objects.update(status="accepted")
    assert len(list(held.sent_to(ann.subscriber))) == 1
    for field in ("excluded_ids", "left_out_ids"):
        Batch.objects.update(**{field: [ann.subscriber_id]})
        assert list(held.sent_to(ann.subscriber)) == []
        Batch.objects.update(**{field: []})


@pytest.mark.parametrize("never_again", [True, False])
def test_erased_at_once_and_silent_for_ever_only_if_they_want(
    client, site, ann, inbox, committing, never_again: bool
) -> None:
    Suppression.add(ann.subscriber.email_index, Suppression.Reason.BOUNCE)
    seeds.ask(site.newsletter, EMAIL)
    page = f"{own_page(ann)}erase/"
    assert "Erase everything" in client.get(page).text and Subscription.objects.exists()
    with committing():
        answer = client.post(page, {"never_again": "on"} if never_again else {})
    assert "We no longer know who you are" in answer.text
    assert not Subscriber.objects.exists() and not site.newsletter.seeds.exists()
    assert client.get(page).status_code == client.post(page).status_code == 404
    assert client.get(own_page(ann)).status_code == 404
    kept = Suppression.of(list_index(EMAIL))
    assert (kept and kept.reason) == ("erasure" if never_again else None)
    with committing():
        signup.sign_up(site.newsletter, EMAIL, "form")
    assert len(inbox.to(EMAIL)) == (0 if never_again else 1)


def test_link_of_a_version_that_puts_more_into_it_opens(client, ann) -> None:
    more = tokens.expiring(held.DATA, [ann.subscriber_id, 0, "more"])
    assert client.get(f"/newsletter/data/{more}/").status_code == 200


@pytest.mark.parametrize("reason", ["complaint", "request"])
def test_what_its_owner_said_outlives_an_erasure(ann, reason) -> None:
    Suppression.add(ann.subscriber.email_index, reason)
    erasure.erase(ann.subscriber, never_again=False)
    assert Suppression.of(list_index(EMAIL)).reason == reason


def test_who_leaves_may_undo_it_and_say_why_and_only_a_count_is_kept(client, site, ann) -> None:
    leave = f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', ann.pk)}/"
    assert client.post(f"{leave}why/", {"reason": "danger"}).status_code == 200
    assert not LeavingReason.objects.exists()  # nobody has left
    page = client.post(leave).text
    assert "Subscribe again" in page and "It comes too often" in page
    for reason in ("nonsense", "too_often", "danger", "too_often"):
        assert client.post(f"{leave}why/", {"reason": reason}).status_code == 200
    count = LeavingReason.objects.get()
    assert (count.newsletter, count.reason, count.readers) == (site.newsletter, "too_often", 1)
    assert count.month == timezone.localdate().replace(day=1)
    client.post(own_page(ann), {"newsletter": "weekly", "return": "1"})
    assert Subscription.objects.get().status == "confirmed"
    client.post(leave)
    client.post(f"{leave}why/", {"reason": "too_often"})
    assert LeavingReason.objects.get().readers == 2
