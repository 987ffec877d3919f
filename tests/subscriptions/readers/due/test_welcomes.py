"""The welcome series: each mail once, on its day, to who is still there."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from newsroom.models import TransactionalMail
from subscriptions.models import Subscription, WelcomeMail
from subscriptions.readers import signup
from subscriptions.readers.due import welcomes
from tests.factories import make_subscription

NOW = timezone.localtime().replace(hour=10, minute=1)  # the morning of its clock
TODAY = NOW.date()


@pytest.fixture
def mails(site) -> list[WelcomeMail]:
    for days, subject in ((2, "Who we are"), (5, "How to read us")):
        site.newsletter.welcomes.add(
            WelcomeMail(after_days=days, subject=subject, body='<p>Hello <a href="/x/">you</a></p>')
        )
    site.newsletter.save()
    return list(WelcomeMail.objects.order_by("after_days"))


def reader(site, email: str, confirmed_on: date) -> Subscription:
    subscription = make_subscription(site.newsletter, email)
    Subscription.objects.filter(pk=subscription.pk).update(confirmed_on=confirmed_on)
    return subscription


def test_each_mail_comes_on_its_day_once(site, mails, inbox, committing) -> None:
    reader(site, "series1@example.org", TODAY - timedelta(days=2))
    for days in (0, 0, 1, 3, 3, 4):
        with committing():
            welcomes.post_due(NOW + timedelta(days=days))
    got = inbox.to("series1@example.org")
    assert sorted(mail["subject"] for mail in got) == ["How to read us", "Who we are"]
    assert "you [1]" in got[0]["text"] and "List-Unsubscribe" in got[0]["headers"]


@pytest.mark.parametrize("days", [1, 2 + welcomes.WINDOW.days + 1, 400])
def test_too_early_and_long_ago_get_none(site, mails, days: int) -> None:
    reader(site, "series2@example.org", TODAY - timedelta(days=days))
    mails[1].delete()
    assert welcomes.post_due(NOW) == 0


def test_nobody_is_written_to_at_midnight(site, mails) -> None:
    reader(site, "night@example.org", TODAY - timedelta(days=2))
    assert welcomes.post_due(NOW.replace(hour=0, minute=5)) == 0
    assert welcomes.post_due(NOW) == 1


def test_those_who_had_it_leave_room_for_the_others(site, mails, monkeypatch) -> None:
    monkeypatch.setattr(welcomes, "AT_ONCE", 1)
    for number in range(2):
        reader(site, f"room{number}@example.org", TODAY - timedelta(days=2))
    assert [welcomes.post_due(NOW) for _ in range(3)] == [1, 1, 0]
    assert TransactionalMail.objects.filter(purpose="series").count() == 2


def test_who_left_meanwhile_gets_none(site, mails, inbox, committing) -> None:
    subscription = reader(site, "series3@example.org", TODAY - timedelta(days=2))
    with committing():
        assert welcomes.post_due(NOW) == 1
        signup.unsubscribe(subscription, how="page")
    assert [mail["subject"] for mail in inbox.to("series3@example.org")] == [
        "You have left: The Weekly"
    ]
    assert TransactionalMail.objects.get(purpose="series").status == "dropped"
    assert welcomes.post_due(NOW) == 0


def test_mail_that_was_taken_out_meanwhile_is_not_sent(site, mails, inbox, committing) -> None:
    reader(site, "series4@example.org", TODAY - timedelta(days=2))
    with committing():
        welcomes.post_due(NOW)
        WelcomeMail.objects.all().delete()
    assert inbox.to("series4@example.org") == []
