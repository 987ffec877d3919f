"""The reader's own page: on a list, off it, a pause, their language and country."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsroom.core import tokens
from newsroom.models import Masthead, Suppression
from subscriptions.models import Batch, Edition, Newsletter, ReaderCount, Subscriber, Subscription
from subscriptions.readers import wishes
from subscriptions.readers.audience import audience_of, editions_of, size_of
from subscriptions.readers.data import held
from subscriptions.sending import claiming
from subscriptions.tasks import end_pauses
from tests.factories import make_article, make_frozen, make_issue, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(site) -> Subscription:
    return make_subscription(site.newsletter, "ann@example.org")


@pytest.fixture
def daily(site) -> Newsletter:
    fields = {"sender_name": "O", "sender_address": "o@mail.example.org"}
    other = Newsletter(title="The Daily", slug="daily", **fields)
    added: Newsletter = site.newsletter.get_parent().add_child(instance=other)
    return added


def page_of(subscriber: Subscriber) -> str:
    return f"/newsletter/preferences/{tokens.permanent('preferences', subscriber.pk)}/"


def test_newsletter_that_they_are_not_on_is_one_press_away_with_consent(
    client, site, ann, daily, inbox, committing
) -> None:
    page = page_of(ann.subscriber)
    assert "The Daily" in client.get(page).text
    for _ in range(2):
        with committing():
            assert client.post(page, {"newsletter": "daily", "join": "1"}).status_code == 302
    joined = Subscription.objects.get(newsletter=daily)
    assert (joined.status, joined.subscriber) == ("confirmed", ann.subscriber)
    [consent] = joined.consents.all()
    assert (consent.action, consent.how, consent.policy_version) == ("confirmed", "own page", "7")
    [mail] = inbox.to("ann@example.org")  # whoever pressed, their mailbox is told
    assert mail["subject"] == "Welcome: The Daily"
    assert "version 7" in client.get(page).text


def test_newsletter_that_is_not_published_is_not_offered(client, ann, daily) -> None:
    daily.unpublish()
    page = page_of(ann.subscriber)
    assert "The Daily" not in client.get(page).text
    assert client.post(page, {"newsletter": "daily", "join": "1"}).status_code == 404


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_joining_lifts_what_the_owner_may_lift(client, ann, daily, reason: str) -> None:
    Suppression.add(ann.subscriber.email_index, reason)
    answer = client.post(page_of(ann.subscriber), {"newsletter": "daily", "join": "1"})
    may = reason in Suppression.LIFTED_BY_OWNER
    assert answer.status_code == (302 if may else 403)
    assert audience_of(daily).exists() == may
    assert Subscription.objects.filter(newsletter=daily).exists() == may


def test_who_pauses_is_left_out_until_the_day_and_counted_so(client, site, ann) -> None:
    today = timezone.localdate()
    page = page_of(ann.subscriber)
    client.post(page, {"newsletter": "weekly", "pause": "2"})
    assert "No mail until" in client.get(page).text
    assert audience_of(site.newsletter).count() == size_of(site.newsletter) == 0
    with time_machine.travel(timezone.now() + timedelta(days=13), tick=True):
        end_pauses()
        assert not audience_of(site.newsletter).exists()
    with time_machine.travel(timezone.now() + timedelta(days=14), tick=True):
        assert audience_of(site.newsletter).exists()  # whether or not the job has run
        end_pauses()
        assert ReaderCount.objects.of(site.newsletter) == 1
        assert Subscription.objects.get().paused_until is None
    for weeks in ("8", "4", "3", "-1", "x"):  # no such pause: as before
        client.post(page, {"newsletter": "weekly", "pause": weeks})
    wishes.pause(ann, 4)
    assert Subscription.objects.get().paused_until == today + timedelta(weeks=4)
    client.post(page, {"newsletter": "weekly", "go_on": "1"})
    assert audience_of(site.newsletter).count() == size_of(site.newsletter) == 1


def test_who_pauses_is_told_once_a_week_as_a_forwarded_mail_can_do_it(
    client, ann, inbox, committing
) -> None:
    page = page_of(ann.subscriber)
    for press in ({"pause": "8"}, {"go_on": "1"}, {"pause": "2"}):
        with committing():
            client.post(page, {"newsletter": "weekly"} | press)
    [told] = inbox.to("ann@example.org")
    assert told["subject"].startswith("Paused until") and page in told["text"]


def test_who_pauses_after_the_freeze_is_left_out_of_the_call(client, site, ann) -> None:
    make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    assert Batch.objects.get().subscriber_ids == [ann.subscriber_id]
    client.post(page_of(ann.subscriber), {"newsletter": "weekly", "pause": "8"})
    claim = claiming.claim()
    assert claim is not None and claim.recipients == ()


def test_who_leaves_and_returns_is_not_paused_any_more(client, site, ann) -> None:
    for press in ({"pause": "4"}, {"leave": "1"}, {"return": "1"}):
        client.post(page_of(ann.subscriber), {"newsletter": "weekly"} | press)
    assert audience_of(site.newsletter).count() == size_of(site.newsletter) == 1


def test_page_and_mails_speak_the_language_that_they_chose(
    client, site, ann, daily, inbox, committing
) -> None:
    page = page_of(ann.subscriber)
    client.post(page, {"language": "de"})
    assert '<html lang="de"' in client.get(page, headers={"Accept-Language": "fr"}).text
    assert '<html lang="fr"' in client.get(f"/fr{page}").text  # pressed in the footer
    with committing():
        client.post(page, {"newsletter": "daily", "join": "1"})
    assert inbox.to("ann@example.org")[0]["subject"].startswith("Willkommen")
    for nonsense in ("xx", "de-AT", "d" * 5000):
        assert client.post(page, {"language": nonsense}).status_code == 302
    assert Subscriber.objects.get().language == "de"
    client.post(page, {"language": ""})
    assert Subscriber.objects.get().language == ""


def test_country_is_told_forgotten_and_never_shown(client, ann) -> None:
    page = page_of(ann.subscriber)
    assert "Deutschland" in client.get(f"/de{page}").text
    for told, kept in [("DE", "DE"), ("de", "DE"), ("EU", "DE"), ("X" * 5000, "DE"), ("", "")]:
        client.post(page, {"country": told})
        assert Subscriber.objects.get().country == kept
    client.post(page, {"country": "GE"})
    assert "selected" not in client.get(page).text.partition('id="country"')[2]


def test_looking_changes_nothing_and_a_forged_link_opens_nothing(client, ann) -> None:
    page = page_of(ann.subscriber)
    before = list(Subscription.objects.values())
    assert client.get(page, {"newsletter": "weekly", "leave": "1"})["Cache-Control"]
    assert list(Subscription.objects.values()) == before
    other = tokens.permanent("unsubscribe", ann.subscriber_id)
    assert client.get(f"/newsletter/preferences/{other}/").status_code == 404


def test_who_wants_whole_articles_or_the_mirror_says_so_and_finds_it_in_their_data(
    client, ann
) -> None:
    page = page_of(ann.subscriber)
    assert "mirror" not in client.get(page).text  # there is none
    masthead = Masthead.load()
    masthead.mirror = "https://mirror.example.net"
    masthead.save()
    assert "https://mirror.example.net" in client.get(page).text
    client.post(page, {"newsletter": "weekly", "articles": "whole"})
    client.post(page, {"links": "mirror"})
    data = held.everything_about(Subscriber.objects.get())
    assert data["newsletters"][0]["whole_articles"] and data["links_lead_to_the_mirror"]
    assert editions_of(make_issue(ann.newsletter, [])) == {Edition.WHOLE | Edition.MIRROR: 1}
    client.post(page, {"newsletter": "weekly", "articles": "teasers"})
    client.post(page, {"links": "site"})
    assert not Subscription.objects.filter(whole_articles=True).exists()
    assert not Subscriber.objects.filter(mirror_links=True).exists()
