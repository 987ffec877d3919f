"""Who has pressed nothing for long is asked once, and gets no more if they don't answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.models import Suppression, SuppressionLift, TransactionalMail
from newsroom.tasks import send_waiting_mails
from subscriptions.desk.numbers import with_numbers
from subscriptions.models import Mailing, Newsletter, Subscriber, Subscription
from subscriptions.readers import erasure, signup
from subscriptions.readers.audience import audience_of
from subscriptions.readers.data import held
from subscriptions.readers.due import sunset
from subscriptions.tasks import keep_sunset
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user
from tests.queries import queries_of
from tests.subscriptions.models.readers.test_reader_count import another
from tests.subscriptions.models.readers.test_reader_move import noted
from tests.subscriptions.readers.test_signup import link_in

pytestmark = pytest.mark.django_db
NOW = timezone.now() - timedelta(days=1)  # so that what goes out in the morning is due
TODAY = timezone.localdate(NOW)
LONG_AGO = TODAY - timedelta(days=400)


@pytest.fixture
def weekly(site) -> Newsletter:
    """It asks after a year, and goes out."""
    make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    Newsletter.objects.update(ask_after=12)
    site.newsletter.refresh_from_db()
    found: Newsletter = site.newsletter
    return found


def old(newsletter: Newsletter, email: str = "", **fields: Any) -> Subscription:
    row = make_subscription(newsletter, email)
    fields = {"created_on": LONG_AGO, "confirmed_on": LONG_AGO} | fields
    Subscription.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


def asked() -> set[int]:
    return set(Subscription.objects.filter(asked_on=TODAY).values_list("pk", flat=True))


def gone_out() -> None:
    """As the outbox leaves it."""
    TransactionalMail.objects.update(status="sent", object_id=None)


def nights(days: int) -> None:
    sunset.keep(NOW + timedelta(days=days))


def test_who_is_silent_gets_one_mail_and_a_press_keeps_all_as_it_was(
    client, weekly, inbox, committing
) -> None:
    ann = old(weekly, "ann@example.org")
    for days in (0, 0, 1, 29):
        nights(days)
    with committing():
        send_waiting_mails()
    [mail] = inbox.to("ann@example.org")
    assert mail["subject"] == "Do you still read The Weekly?"
    assert "List-Unsubscribe" in mail["headers"] and "before " in mail["text"]
    link = link_in(mail, "/still-reading/")
    before = Subscription.objects.values().get()
    for _ in range(2):  # a scanner
        assert "Do you still read" in client.get(link).text
    assert Subscription.objects.values().get() == before and not ann.consents.exists()
    for _ in range(2):
        assert "We go on sending you" in client.post(link).text
    [consent] = ann.consents.all()
    assert (consent.action, consent.how, consent.policy_version) == (
        "confirmed",
        "still reading",
        "7",
    )
    assert "We go on" in client.get(link).text
    for days in (30, 31, 200):
        nights(days)
    ann.refresh_from_db()
    assert ann.status == "confirmed" and TransactionalMail.objects.count() == 1
    assert client.get(f"{link[:-6]}/").status_code == 404


def test_silence_ends_it_without_a_mail_and_one_press_brings_it_back(
    client, weekly, inbox, committing
) -> None:
    ann = old(weekly, "ann@example.org")
    nights(0)
    with committing():
        send_waiting_mails()
    link = link_in(inbox.to("ann@example.org")[0], "/still-reading/")
    nights(29)
    assert audience_of(weekly).exists()
    with committing():
        nights(30)
        nights(30)
    ann.refresh_from_db()
    assert ann.status == "unsubscribed" and not audience_of(weekly).exists()
    assert [(one.action, one.how) for one in ann.consents.all()] == [("withdrawn", "sunset")]
    assert noted() == {"new": 1, "confirmed": 1, "silent": 1}
    assert with_numbers().get().unsubscribed == 0  # no issue's fault
    assert len(inbox.to("ann@example.org")) == 1
    assert "One press, and it comes again" in client.get(link).text
    assert "We go on sending you" in client.post(link).text
    ann.refresh_from_db()
    assert ann.status == "confirmed" and list(audience_of(weekly)) == [ann]
    signup.unsubscribe(ann, "one-click")
    assert noted()["left"] == 1  # and not silent once more


SPARED: dict[str, Callable[[Subscription], object]] = {
    "pressed lately": lambda one: change(one, subscriber={"pressed_on": TODAY}),
    "imported lately": lambda one: change(one, created_on=TODAY),
    "confirmed lately": lambda one: change(one, confirmed_on=TODAY - timedelta(days=300)),
    "paused": lambda one: change(one, paused_until=TODAY + timedelta(days=9)),
    "suppressed": lambda one: Suppression.add(one.subscriber.email_index, "bounce"),
    "a colleague's mailbox": lambda one: change(one, seed=True),
    "not on the list": lambda one: change(one, status="pending"),
    "asked in this year": lambda one: change(one, asked_on=TODAY - timedelta(days=90)),
    "off": lambda one: Newsletter.objects.update(ask_after=None),
    "not published": lambda one: Newsletter.objects.update(live=False),
    "nothing was sent": lambda one: Mailing.objects.update(frozen_at=NOW - timedelta(days=380)),
}


def change(row: Subscription, subscriber: dict[str, Any] | None = None, **fields: Any) -> None:
    Subscriber.objects.filter(pk=row.subscriber_id).update(**(subscriber or {"language": ""}))
    Subscription.objects.filter(pk=row.pk).update(**(fields or {"seed": False}))


@pytest.mark.parametrize("why", SPARED)
def test_nobody_else_is_asked(weekly, why: str) -> None:
    SPARED[why](old(weekly))
    nights(0)
    assert not asked() and not TransactionalMail.objects.exists()


STAYS: dict[str, Callable[[Subscription], object]] = {
    "the mail has failed": lambda one: TransactionalMail.objects.update(
        status="failed", object_id=one.subscriber_id
    ),
    "the mail waits": lambda one: TransactionalMail.objects.update(
        status="waiting", object_id=one.subscriber_id
    ),
    "switched off": lambda one: Newsletter.objects.update(ask_after=None),
    "pressed something": lambda one: one.subscriber.press(),
    "suppressed": lambda one: Suppression.add(one.subscriber.email_index, "bounce"),
    "suppressed when the mail was due, and lifted": lambda one: SuppressionLift.objects.create(
        email_index=one.subscriber.email_index, reason="bounce", why="A colleague’s word."
    ),
}


@pytest.mark.every_case
@pytest.mark.parametrize("why", STAYS)
def test_nobody_falls_silent_who_was_not_asked_or_has_answered(weekly, why: str) -> None:
    ann = old(weekly)
    nights(0)
    gone_out()
    STAYS[why](ann)
    nights(30)
    ann.refresh_from_db()
    assert ann.status == "confirmed"
    assert TransactionalMail.objects.count() == 1  # nor asked again so soon


def test_who_was_asked_long_ago_does_not_fall_silent_after_an_outage(weekly) -> None:
    ann = old(weekly)
    nights(0)
    gone_out()
    nights(100)
    ann.refresh_from_db()
    assert ann.status == "confirmed"


def test_one_mail_asks_about_all_that_are_due(weekly, site, inbox, committing) -> None:
    daily = another(site, title="The Daily", slug="daily")
    ann = old(weekly, "ann@example.org")
    make_frozen(make_issue(daily, [make_article(site.section)]))
    Newsletter.objects.update(ask_after=6)
    days = {"created_on": LONG_AGO, "confirmed_on": LONG_AGO}
    Subscription.objects.create(
        subscriber=ann.subscriber, newsletter=daily, status="confirmed", **days
    )
    nights(0)
    with committing():
        send_waiting_mails()
    [mail] = inbox.to("ann@example.org")
    assert mail["subject"] == "Do you still read The Weekly and The Daily?"
    assert "List-Unsubscribe" not in mail["headers"]
    gone_out()
    nights(30)
    assert not Subscription.objects.filter(status="confirmed").exists()


def test_who_left_one_of_them_stays_off_it_when_they_keep_the_other(client, weekly, site) -> None:
    ann = old(weekly)
    daily = another(site, title="The Daily", slug="daily")
    left = Subscription.objects.create(
        subscriber=ann.subscriber, newsletter=daily, status="confirmed", asked_on=TODAY
    )
    link = f"/newsletter/still-reading/{sunset.token_of([ann, left])}/"
    signup.unsubscribe(left, "own page")
    assert "The Daily" not in client.get(link).text
    client.post(link)
    left.refresh_from_db()
    assert left.status == "unsubscribed"
    ann.refresh_from_db()
    assert ann.status == "confirmed"


def test_an_answer_holds_also_when_it_came_while_nobody_asked(client, weekly) -> None:
    ann = old(weekly)
    nights(0)
    gone_out()
    Newsletter.objects.update(ask_after=None)
    client.post(f"/newsletter/still-reading/{sunset.token_of([ann])}/")
    Newsletter.objects.update(ask_after=12)
    nights(30)
    ann.refresh_from_db()
    assert ann.status == "confirmed"


NOT_WRITTEN: dict[str, Callable[[Subscription], object]] = {
    "switched off": lambda one: Newsletter.objects.update(ask_after=None),
    "suppressed": lambda one: Suppression.add(one.subscriber.email_index, "bounce"),
    "too late": lambda one: change(one, asked_on=TODAY - timedelta(days=29)),
}


@pytest.mark.parametrize("why", NOT_WRITTEN)
def test_whose_mail_was_dropped_in_the_morning_was_not_asked(
    weekly, inbox, committing, why: str
) -> None:
    ann = old(weekly, "ann@example.org")
    nights(0)
    NOT_WRITTEN[why](ann)
    with committing():
        send_waiting_mails()
    ann.refresh_from_db()
    assert ann.asked_on is None and not inbox.to("ann@example.org")
    assert TransactionalMail.objects.get().status == "dropped"


def test_a_night_has_an_end_and_goes_on_where_it_was_killed(weekly, monkeypatch) -> None:
    monkeypatch.setattr(sunset, "AT_ONCE", 2)
    monkeypatch.setattr(sunset, "AT_LEAST", 5)
    rows = [old(weekly).pk for _ in range(7)]
    real, calls = outbox.post_all, []

    def dies(*args: Any, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the disk is full")
        real(*args, **more)

    monkeypatch.setattr(outbox, "post_all", dies)
    with pytest.raises(OSError, match="full"):
        nights(0)
    assert asked() == set(rows[:2])
    for _ in range(2):
        nights(0)
    assert asked() == set(rows[:5]) and TransactionalMail.objects.count() == 5
    times = TransactionalMail.objects.order_by("pk").values_list("next_try_at", flat=True)
    assert times[4] - times[0] == timedelta(minutes=2)  # no wave
    gone_out()
    nights(1)
    assert TransactionalMail.objects.count() == 7


def test_a_night_asks_as_much_for_many_as_for_few(weekly) -> None:
    for _ in range(2):
        old(weekly)
    few = queries_of(lambda: nights(0))
    for _ in range(20):
        old(weekly)
    assert queries_of(lambda: nights(1)) == few


def test_only_presses_count_and_only_where_somebody_asks(client, weekly) -> None:
    ann = old(weekly, "ann@example.org").subscriber
    page = f"/newsletter/preferences/{tokens.permanent('preferences', ann.pk)}/"
    client.get(page)
    client.post(
        page, {"newsletter": "weekly", "pause": "2"}, headers={"origin": "https://x.example"}
    )
    ann.refresh_from_db()
    assert ann.pressed_on is None
    client.post(page, {"language": "de"})
    ann.refresh_from_db()
    assert ann.pressed_on == timezone.localdate()
    assert held.everything_about(ann)["last_pressed_on"] == timezone.localdate()
    Newsletter.objects.update(ask_after=None)
    bob = old(weekly).subscriber
    bob.press()
    bob.refresh_from_db()
    assert bob.pressed_on is None


def test_late_answer_of_who_may_not_be_written_to_changes_nothing(client, weekly) -> None:
    ann = old(weekly, "ann@example.org")
    link = f"/newsletter/still-reading/{sunset.token_of([ann])}/"
    Suppression.add(list_index("ann@example.org"), "complaint")
    assert client.post(link).status_code == 403
    erasure.erase(ann.subscriber, never_again=False)
    assert client.get(link).status_code == 404
    assert client.get("/newsletter/still-reading/x/").status_code == 404


def test_newsletters_page_shows_what_it_would_come_to(client, weekly) -> None:
    for _ in range(3):
        old(weekly)
    old(weekly, confirmed_on=TODAY)
    Newsletter.objects.update(ask_after=None)
    client.force_login(make_user("Editors"))
    page = f"/admin/pages/{weekly.pk}/edit/"
    assert "More than half of your list" in client.get(page).text
    weekly.refresh_from_db()
    numbers = sunset.numbers_of(weekly)
    assert [one["readers"] for one in numbers["choices"]] == [3, 3, 0, 0]
    Newsletter.objects.update(ask_after=12)
    keep_sunset()
    assert "3 readers asked" in client.get(page).text
