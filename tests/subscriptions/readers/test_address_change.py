"""A change of address: both mailboxes press, what was agreed to goes along, old links end."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import (
    AddressChange,
    Batch,
    Consent,
    DeliveryFailure,
    Newsletter,
    ReaderCount,
    ReaderMove,
    Subscriber,
    Subscription,
)
from subscriptions.readers import address_change, signup, wishes
from subscriptions.readers.audience import audience_of
from subscriptions.sending import claiming
from tests.factories import (
    make_article,
    make_frozen,
    make_issue,
    make_subscriber,
    make_subscription,
)

pytestmark = pytest.mark.django_db
OLD, NEW = "ann@old.example.org", "ann@new.example.org"


@pytest.fixture
def ann(site) -> Subscription:
    reader = make_subscription(site.newsletter, OLD)
    signup.record(reader, "confirmed", "mailed link")
    return reader


def own_page(subscriber: Subscriber) -> str:
    return f"/newsletter/preferences/{tokens.permanent('preferences', subscriber.pk)}/"


def wish(client, committing, subscriber: Subscriber, email: str = NEW) -> str:
    with committing():
        answer = client.post(f"{own_page(subscriber)}address/", {"email": email})
    assert answer.status_code == 302
    return str(client.get(answer["Location"]).text)


def link_to(inbox, address: str) -> str:
    return re.findall(r"/newsletter/address/[^/\s]+/", inbox.to(address)[0]["text"])[0]


def test_address_that_looks_mistyped_is_asked_about_once(client, ann) -> None:
    page, typed = f"{own_page(ann.subscriber)}address/", "ann@gmaul.com"
    asked = client.post(page, {"email": typed})
    assert asked.status_code == 422 and "Yes, ann@gmail.com" in asked.text
    assert client.post(page, {"email": typed, "meant": typed}).status_code == 302


@pytest.mark.parametrize("first", [OLD, NEW])
def test_both_mailboxes_press_and_everything_goes_along(
    client, site, ann, inbox, committing, first: str
) -> None:
    wish(client, committing, ann.subscriber)
    links = [link_to(inbox, first), link_to(inbox, {OLD: NEW, NEW: OLD}[first])]
    for _ in range(2):  # one mailbox, however often, changes nothing
        assert "Yes, change it" in client.get(links[1]).text
        assert "the other address, too" in client.post(links[0]).text
    assert Subscription.objects.get().subscriber.email == OLD
    with committing():
        assert "new address from now on" in client.post(links[1]).text
        assert "new address from now on" in client.post(links[0]).text
    moved = Subscription.objects.get()
    assert (moved.pk, moved.status, moved.subscriber.email) == (ann.pk, "confirmed", NEW)
    hows = moved.consents.order_by("pk").values_list("action", "how")
    assert list(hows) == [("confirmed", "mailed link"), ("confirmed", "change of address")]
    assert not Subscriber.objects.with_email(OLD).exists()
    assert ReaderCount.objects.of(site.newsletter) == 1
    assert client.get(own_page(ann.subscriber)).status_code == 404  # the link of older mails
    assert client.get(own_page(moved.subscriber)).status_code == 200
    subjects = [mail["subject"] for mail in inbox.to(OLD)]
    assert subjects[0] == "Your newsletters have another address now" and len(subjects) == 2
    assert len(inbox.to(NEW)) == 1
    client.post(f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', ann.pk)}/")
    assert not audience_of(site.newsletter).exists()  # but those to leave still work


def test_what_they_have_chosen_goes_along(client, ann, inbox, committing) -> None:
    chosen = {"language": "ru", "country": "GE", "mirror_links": True}
    assert chosen.keys() == Subscriber.CHOSEN.keys()
    Subscriber.objects.update(**chosen)
    wish(client, committing, ann.subscriber)
    for address in (OLD, NEW):
        client.post(link_to(inbox, address))
    assert Subscriber.objects.with_email(NEW).values(*chosen).get() == chosen


def test_what_they_have_chosen_goes_along_to_a_reader_who_has_chosen_nothing_of_it(
    site, ann, inbox, committing
) -> None:
    Subscriber.objects.update(language="de", country="GE", mirror_links=True)
    make_subscription(site.newsletter, NEW)
    Subscriber.objects.with_email(NEW).update(country="AM")
    with committing():
        press_both(ann.subscriber)
    merged = Subscriber.objects.get()
    assert (merged.language, merged.country, merged.mirror_links) == ("de", "AM", True)
    assert "andere Adresse" in inbox.to(OLD)[0]["subject"]  # they are told in their language


@pytest.mark.parametrize("there", ["confirmed", "pending", "unsubscribed"])
@pytest.mark.parametrize("mine", ["confirmed", "unsubscribed"])
def test_two_who_are_one_are_on_the_list_once_if_one_of_them_was(
    site, mine: str, there: str
) -> None:
    old = make_subscription(site.newsletter, OLD, status=mine)
    other = make_subscription(site.newsletter, NEW, status=there)
    signup.record(old, "asked", "form")
    signup.record(other, "asked", "form")
    press_both(old.subscriber)
    one = Subscription.objects.get()
    assert one.pk == other.pk
    assert one.status == ("confirmed" if mine == "confirmed" else there)
    assert one.consents.filter(action="asked").count() == 2
    assert ReaderCount.objects.of(site.newsletter) == (one.status == "confirmed")


def press_both(subscriber: Subscriber, email: str = NEW) -> None:
    assert address_change.asked(email, subscriber.pk)
    change = AddressChange.objects.get(done_on=None)
    for mailbox in (address_change.OLD, address_change.NEW):
        address_change.agree(address_change.token_of(change, mailbox))


def test_unwanted_or_own_address_is_answered_the_same_and_gets_no_mail(
    client, ann, inbox, committing
) -> None:
    Suppression.add(list_index(NEW), Suppression.Reason.COMPLAINT)
    pages = {wish(client, committing, ann.subscriber, email) for email in (NEW, OLD, "a@b.example")}
    assert len({re.sub(r"\S{60,}", "", page) for page in pages}) == 1
    assert inbox.to(NEW) == [] and len(inbox.to(OLD)) == 1  # of the third


def test_complaint_that_comes_meanwhile_stops_it(client, ann) -> None:
    assert address_change.asked(NEW, ann.subscriber_id)
    change = AddressChange.objects.get()
    address_change.agree(address_change.token_of(change, address_change.NEW))
    Suppression.add(ann.subscriber.email_index, Suppression.Reason.COMPLAINT)
    old = address_change.token_of(change, address_change.OLD)
    assert client.post(f"/newsletter/address/{old}/").status_code == 403
    assert not Subscriber.objects.with_email(NEW).exists()


def test_dead_new_address_lives_when_its_owner_presses(site, ann) -> None:
    Suppression.add(list_index(NEW), Suppression.Reason.BOUNCE)
    press_both(ann.subscriber)
    assert audience_of(site.newsletter).count() == ReaderCount.objects.of(site.newsletter) == 1


def test_link_is_good_for_a_week_and_ends_with_a_newer_wish(client, ann) -> None:
    assert address_change.asked(NEW, ann.subscriber_id)
    token = address_change.token_of(AddressChange.objects.get(), address_change.NEW)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        assert client.post(f"/newsletter/address/{token}/").status_code == 403
    assert address_change.asked("other@new.example.org", ann.subscriber_id)
    assert client.post(f"/newsletter/address/{token}/").status_code == 404


def test_issue_on_its_way_comes_to_the_new_address_and_failures_stay(site, ann) -> None:
    readers = [make_subscription(site.newsletter) for _ in range(3)]
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    DeliveryFailure.objects.create(mailing=mailing, subscriber=ann.subscriber, kind="soft")
    press_both(ann.subscriber)
    batch = Batch.objects.get()
    assert batch.subscriber_ids == sorted(batch.subscriber_ids)  # as a journal counts on
    claim = claiming.claim()
    assert {one.email for one in claim.recipients} == {
        NEW, *(reader.subscriber.email for reader in readers),
    }  # fmt: skip
    assert DeliveryFailure.objects.get().subscriber is None  # counted still


def make_daily(site) -> Newsletter:
    fields = {"sender_name": "O", "sender_address": "o@mail.example.org"}
    daily = Newsletter(title="The Daily", slug="daily", **fields)
    site.newsletter.get_parent().add_child(instance=daily)
    return daily


def test_newsletters_of_both_come_together(site, ann) -> None:
    daily = make_daily(site)
    there = make_subscription(daily, NEW)
    press_both(ann.subscriber)
    mine = there.subscriber.subscriptions.values_list("newsletter", "status")
    assert set(mine) == {(site.newsletter.pk, "confirmed"), (daily.pk, "confirmed")}
    assert make_subscriber().pk != ann.subscriber_id


def test_links_in_the_old_mailbox_lead_no_further_than_out(client, site, ann) -> None:
    """Neither to the own page of who has moved, nor to a list that they had left."""
    left = ann.subscriber.subscriptions.create(newsletter=make_daily(site), status="confirmed")
    signup.unsubscribe(left, "page")
    signup.sign_up(left.newsletter, OLD, "form")
    confirm = signup.confirm_token(Subscription.objects.get(pk=left.pk))
    press_both(ann.subscriber)
    assert client.post(f"/newsletter/confirm/{confirm}/").status_code == 403
    for pk in (ann.pk, left.pk):
        token = tokens.permanent("unsubscribe", pk)
        page = client.post(f"/newsletter/unsubscribe/{token}/").text
        assert "You are unsubscribed" in page and "/preferences/" not in page
    assert set(Subscription.objects.values_list("status", flat=True)) == {"unsubscribed"}
    assert Consent.objects.filter(subscription__newsletter=left.newsletter, action="withdrawn")


def test_pause_and_whole_articles_move_along_where_two_become_one(site, ann) -> None:
    make_subscription(site.newsletter, NEW, status="unsubscribed")
    wishes.pause(ann, 4)
    wishes.read_whole(ann, whole=True)
    press_both(ann.subscriber)
    one = Subscription.objects.get()
    assert one.paused and one.whole_articles


def test_old_mailbox_is_asked_three_times_a_week_at_most(ann) -> None:
    asked = [address_change.asked(f"{n}@x.example.org", ann.subscriber_id) for n in range(5)]
    assert asked == [True, True, True, False, False]


def test_who_leaves_a_dead_address_behind_is_told_as_coming(site, ann) -> None:
    Suppression.add(ann.subscriber.email_index, Suppression.Reason.BOUNCE)
    assert not address_change.asked(NEW, ann.subscriber_id)
    change = ann.subscriber.address_changes.create(email=NEW, email_index=list_index(NEW))
    for mailbox in (address_change.OLD, address_change.NEW):
        address_change.agree(address_change.token_of(change, mailbox))
    moves = {kind: readers for _, kind, readers in ReaderMove.objects.by("newsletter")}
    assert moves["confirmed"] - moves["bounced"] == audience_of(site.newsletter).count() == 1
