from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from donations.asking import ask_cookie, reminders
from donations.models import Deferral
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from tests.factories import make_article

URL = "/support/remind-me/"


@pytest.fixture
def later(client, committing, mail_sandbox):
    """Press “Remind me” and let the job do its work."""

    def press(when: str, email: str, **more: str) -> None:
        with committing():
            client.post(URL, {"when": when, "email": email, **more})

    return press


@pytest.fixture
def article(site, appeal) -> str:
    return make_article(site.section).url


def test_box_is_gone_on_every_page_until_then_and_comes_back_after(client, site, article) -> None:
    other = make_article(site.section).url
    assert "box-ask" in client.get(article).text
    answer = client.post(URL, {"when": "week", "back": article})
    assert (answer.status_code, answer["Location"]) == (303, article)
    for page in (article, other):
        assert "box-ask" not in client.get(page).text
    cookie = client.cookies["ask"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert timedelta(days=6) < timedelta(seconds=cookie["max-age"] or 7 * 86400)
    assert not Deferral.objects.exists()  # no address, nothing stored


def test_box_comes_back_when_its_time_is_over(rf, appeal) -> None:
    now = timezone.now()
    response = HttpResponse()
    ask_cookie.hide(response, now + timedelta(days=7))
    request = rf.get("/")
    request.COOKIES["ask"] = response.cookies["ask"].value
    assert not ask_cookie.shown(request, now)
    assert not ask_cookie.shown(request, now + timedelta(days=6))
    assert ask_cookie.shown(request, now + timedelta(days=8))


def test_cookie_does_not_tell_a_donor_from_who_said_later() -> None:
    now = timezone.now()
    after = {choice.after for choice in ask_cookie.LATER}
    assert set(ask_cookie.AFTER_CONTRIBUTION.values()) <= after
    response = HttpResponse()
    ask_cookie.hide(response, now + timedelta(days=60))
    until, _, signature = response.cookies["ask"].value.partition(":")
    last = datetime.fromtimestamp(int(until), UTC)
    assert (last.hour, last.minute, last.second) == (23, 59, 59)
    assert len(signature) == 43  # a MAC, and no time beside it


@pytest.mark.parametrize("cookie", ["", "x", "eyJ1bnRpbCI6OTk5OTk5OTk5OX0:1:forged", "\0"])
def test_forged_cookie_hides_nothing(client, article, cookie: str) -> None:
    client.cookies["ask"] = cookie
    assert "box-ask" in client.get(article).text


def test_reminder_arrives_on_its_day_with_a_link_that_fills_the_form(
    client, article, inbox, committing, later
) -> None:
    later("month", "later@example.org", frequency="annual")
    now = timezone.now()
    with committing():
        assert reminders.send_due(now + timedelta(days=29)) == 0
    with committing():
        assert reminders.send_due(now + timedelta(days=31)) == 1
        assert reminders.send_due(now + timedelta(days=31)) == 0
    [mail] = inbox.to("later@example.org")
    assert "support" not in mail["subject"].lower()  # neutral in a shared inbox
    links = [word for word in mail["text"].split() if "/support/" in word]
    page = client.get("/" + links[0].split("/", 3)[3]).text
    assert 'value="annual" checked' in page
    assert 'name="reminder"' in page


def test_second_wish_moves_the_first(later, article) -> None:
    for when in ("week", "quarter"):
        later(when, "twice@example.org")
    deferral = Deferral.objects.get()
    assert deferral.remind_at > timezone.now() + timedelta(days=80)


def test_cancel_link_ends_it_by_a_button_only(client, article, later) -> None:
    later("week", "no@example.org")
    deferral = Deferral.objects.get()
    path = f"/support/remind-me/cancel/{reminders.cancel_token(deferral)}/"
    client.get(path)
    deferral.refresh_from_db()
    assert deferral.status == "waiting"
    client.post(path)
    deferral.refresh_from_db()
    assert deferral.status == "cancelled"
    assert reminders.send_due(timezone.now() + timedelta(days=8)) == 0
    assert client.get("/support/remind-me/cancel/AAAA/").status_code == 404


def test_giving_through_the_reminder_ends_it_whatever_address_pays(
    donor, inbox, committing, later
) -> None:
    later("week", "one@example.org")
    with committing():
        reminders.send_due(timezone.now() + timedelta(days=8))
    [mail] = inbox.to("one@example.org")
    [link] = [word for word in mail["text"].split() if "reminder=" in word]
    token = link.partition("reminder=")[2].replace("%3A", ":")
    donor.gives("other@example.org", reminder=token)
    assert Deferral.objects.get().status == "given"


def test_giver_sees_no_box(donor, site) -> None:
    article = make_article(site.section).url
    donor.gives("giver@example.org")
    assert "box-ask" not in donor.client.get(article).text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"when": ""}, "choose when"),
        ({"when": "someday"}, "choose when"),
        ({"when": "week", "email": "nonsense"}, "does not look like"),
        ({"when": "week", "email": "a@mailinator.com"}, "throw-away"),
    ],
)
def test_bad_input_gets_a_message_and_hides_nothing(client, article, form, message) -> None:
    answer = client.post(URL, form)
    assert answer.status_code == 422
    assert message in answer.text
    assert form.get("email", "") in answer.text
    assert "ask" not in answer.cookies
    assert not Deferral.objects.exists()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_reader_is_never_sent_to_another_site(client, article, back: str) -> None:
    assert client.post(URL, {"when": "week", "back": back})["Location"] == "/"


def test_reminder_that_an_outage_held_up_for_weeks_stays_unsent(article, later) -> None:
    later("week", "old@example.org")
    assert reminders.send_due(timezone.now() + timedelta(days=40)) == 0
    assert Deferral.objects.get().status == "reminded"


def test_suppressed_address_is_not_reminded(article, later) -> None:
    later("week", "gone@example.org")
    Suppression.objects.create(email_index=list_index("gone@example.org"), reason="complaint")
    assert reminders.send_due(timezone.now() + timedelta(days=8)) == 0
