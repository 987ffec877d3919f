"""What strangers can make us mail, and at what price."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.utils import timezone

from newsroom.core.clock import day_of
from newsroom.mail import asked, outbox
from newsroom.models import Asked, TransactionalMail
from newsroom.tasks import forget_what_is_over, send_waiting_mails
from newsroom.web import proof_of_work
from subscriptions.models import Newsletter, Subscriber, Subscription
from tests.conftest import run_jobs
from tests.factories import make_user

URL = "/newsletter/weekly/signup/"
VICTIM = "victim@example.org"
pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")


@pytest.fixture
def press(client, committing):
    """Sign an address up, from a network of its own each time."""
    networks = count(1)

    def post(email: str, url: str = URL, **more: str):
        at = f"{next(networks) // 250 + 11}.{next(networks) % 250}.7.7"
        with committing():
            return client.post(url, {"email": email, "consent": "on", **more}, REMOTE_ADDR=at)

    return post


def confirmations() -> int:
    return TransactionalMail.objects.filter(purpose="confirm").count()


def test_a_mailbox_gets_three_confirmations_a_week_over_all_newsletters(press, site) -> None:
    daily = Newsletter(
        title="Daily", slug="daily", sender_name="D", sender_address="d@mail.example.org"
    )
    site.newsletter.get_parent().add_child(instance=daily)
    now = timezone.now()
    for hour in range(24):
        with time_machine.travel(now + timedelta(hours=hour), tick=False):
            for newsletter in ("weekly", daily.slug):
                press(VICTIM, f"/newsletter/{newsletter}/signup/")
    assert confirmations() == 3
    with time_machine.travel(now + timedelta(days=8), tick=False):
        press(VICTIM)
    assert confirmations() == 4


@pytest.mark.parametrize(
    "same",
    ["victim+{}@example.org", "VICTIM+{}@Example.org", "v.i.c.t.i.m+{}@gmail.com",
     "victim+{}@googlemail.com", "victim+a+{}@gmail.com", "v.i-c_tim+{}@proton.me",
     "victim+{}@pm.me", "victim+{}@ya.ru", "victim+{}@me.com"],
)  # fmt: skip
def test_addresses_of_one_mailbox_count_together(press, same) -> None:
    for number in range(6):
        press(same.format(number))
    assert confirmations() == 3


def test_neighbours_do_not_count_together(press) -> None:
    for address in ("kim@example.org", "kima@example.org", "k.im@example.org", "kim@example.com"):
        assert press(address).status_code == 302
    assert confirmations() == 4


@pytest.mark.usefixtures("standing_clock")
def test_many_of_one_domain_cost_work_and_staff_are_told_once(press, inbox) -> None:
    told = make_user("Editors").email
    answers = [press(f"r{number}@victims.example") for number in range(asked.PER_DOMAIN + 5)]
    assert [answer.status_code for answer in answers].count(429) == 5
    assert Subscription.objects.count() == asked.PER_DOMAIN
    page = answers[-1].text
    assert 'data-work="16"' in page and "r44@victims.example" in page
    text = page.split('name="challenge" value="')[1].split('"')[0]
    nonce = next(str(n) for n in count() if proof_of_work.solves(text, str(n)))
    worked = {"challenge": text, "work": nonce}
    assert press("r44@victims.example", **worked).status_code == 302
    assert press("r45@victims.example", **worked).status_code == 429  # each sum once
    assert press("elsewhere@example.com").status_code == 302
    assert len(inbox.to(told)) == 1


@pytest.mark.rare
@pytest.mark.usefixtures("standing_clock")
def test_a_hundred_strangers_in_a_minute_are_not_all_believed(press) -> None:
    answers = [press(f"s@d{number}.example").status_code for number in range(100)]
    assert answers.count(302) == asked.PER_MINUTE


@pytest.mark.parametrize(
    ("url", "form"),
    [("/support/manage/", {}), ("/support/remind-me/", {"when": "week"})],
)
@pytest.mark.usefixtures("standing_clock")
def test_other_forms_have_the_same_brake(press, url, form) -> None:
    answers = [
        press(f"r{number}@victims.example", url, **form)
        for number in range(asked.PER_DOMAIN + 3)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers].count(429) == 3
    assert 'name="challenge"' in answers[-1].text


def test_address_is_gone_when_it_is_answered_and_the_rest_after_a_week(press) -> None:
    press(VICTIM)
    row = Asked.objects.get()
    assert row.answered and row.mailed and row.email == "" and row.detail == {}
    assert row.created_at == day_of(row.created_at)
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        forget_what_is_over()
    assert not Asked.objects.exists()


def test_lost_job_is_found_and_a_doubled_one_does_it_once(client, committing) -> None:
    client.post(URL, {"email": "lost@example.org", "consent": "on"})  # nothing is queued
    assert not Subscriber.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        Asked.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        with committing():
            send_waiting_mails()
        run_jobs()
    assert Subscription.objects.get().status == "pending"
    with committing():
        asked.answer(Asked.objects.get().pk)
    assert confirmations() == 1


def test_job_that_fails_is_tried_again_and_not_for_ever(client, monkeypatch) -> None:
    client.post(URL, {"email": "fails@example.org", "consent": "on"})
    row = Asked.objects.get()

    def broken(asked: Asked) -> bool:
        raise RuntimeError

    monkeypatch.setattr(asked, "_do", broken)
    for _ in range(25):
        with pytest.raises(RuntimeError):
            asked.answer(row.pk)
    later = timezone.now() + timedelta(minutes=1)
    assert not Asked.objects.left_behind(later).exists()
    row.refresh_from_db()
    assert not row.answered and row.email == "fails@example.org"


def test_mail_that_nobody_writes_is_refused_when_it_is_posted() -> None:
    with pytest.raises(KeyError):
        outbox.post("confrim", 1, key="1")
    assert not TransactionalMail.objects.exists()
