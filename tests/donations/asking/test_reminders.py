import uuid
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from donations.asking import ask_cookie, reminders
from donations.giving.links import manage_url
from donations.models import Contribution, Deferral, RecurringContribution
from donations.payments import gateway
from donations.sandbox.objects import Iban
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from tests.donations.conftest import handle
from tests.factories import make_appeal, make_article

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
    assert answer.status_code == 200 and f'href="{article}"' in answer.text
    for page in (article, other):
        assert "box-ask" not in client.get(page).text
    cookie = client.cookies["ask"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert not Deferral.objects.exists()  # no address, nothing stored


@pytest.mark.parametrize(
    "email", ["", "ann@example.org", "x" * 64 + "@" + "y" * 60 + ".example.org"]
)
@pytest.mark.parametrize("choice", ask_cookie.LATER, ids=lambda choice: choice.value)
def test_answer_says_until_when_and_where_we_write(client, article, choice, email: str) -> None:
    answer = client.post(URL, {"when": choice.value, "email": email, "back": article})
    day = date_format(timezone.localtime() + choice.after)
    assert f"Until {day} we do not ask you again in this browser." in answer.text
    assert (f"one mail goes to <strong>{email}</strong>" in answer.text) == bool(email)
    assert "no-store" in answer["Cache-Control"]
    assert "@" not in str(answer.cookies) and "Location" not in answer


def test_answer_says_the_same_whoever_the_address_is(client, article, inbox, later) -> None:
    later("week", "known@example.org")
    Suppression.objects.create(email_index=list_index("suppressed@example.org"), reason="complaint")
    pages = {
        client.post(URL, {"when": "week", "email": f"{name}@example.org"}).text.replace(name, "x")
        for name in ("known", "suppressed", "stranger")
    }
    assert len(pages) == 1


def test_answer_speaks_the_readers_language(client, article) -> None:
    answer = client.post("/de" + URL, {"when": "week", "email": "ann@example.org"})
    assert date_format(timezone.localtime() + timedelta(days=7)) not in answer.text
    assert "ann@example.org" in answer.text and "Danke" in answer.text


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
    for press in (client.get, client.post):  # opened again
        assert "Reminder cancelled" in press(path).text
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
    page = client.post(URL, {"when": "week", "back": back}).text
    assert '<a href="/">Back</a>' in page


def test_reminder_that_an_outage_held_up_for_weeks_stays_unsent(article, later) -> None:
    later("week", "old@example.org")
    assert reminders.send_due(timezone.now() + timedelta(days=40)) == 0
    assert Deferral.objects.get().status == "reminded"


def test_suppressed_address_is_not_reminded(article, later) -> None:
    later("week", "gone@example.org")
    Suppression.objects.create(email_index=list_index("gone@example.org"), reason="complaint")
    assert reminders.send_due(timezone.now() + timedelta(days=8)) == 0


# --- Checked when it is sent -------------------------------------------------------------------


@pytest.fixture
def sent(committing, inbox):
    """How many reminders reach an address when its day comes."""

    def count(email: str, days: int = 8, between=lambda: None) -> int:
        with committing():
            reminders.send_due(timezone.now() + timedelta(days=days))
            between()  # it is in the outbox, and not written yet
        return len([mail for mail in inbox.to(email) if "get back to you" in mail["subject"]])

    return count


def test_reminder_stays_unsent_while_a_debit_is_on_its_way(donor, told, later, sent) -> None:
    later("week", "way@example.org")
    donor.gives("way@example.org", Iban.PAYS, frequency="once", currency="eur")
    handle(told())
    assert Contribution.objects.get().status == "processing"
    assert sent("way@example.org") == 0


def test_gift_that_begins_while_the_reminder_waits_in_the_outbox_stops_it(
    donor, told, later, sent
) -> None:
    later("week", "late@example.org")

    def gives() -> None:
        donor.gives("late@example.org", Iban.PAYS, frequency="once", currency="eur")

    assert sent("late@example.org", between=gives) == 0
    assert Contribution.objects.get().status == "processing"


def test_supporter_who_asks_to_be_reminded_is_not(donor, told, later, sent) -> None:
    donor.gives("steady@example.org")
    handle(told())
    later("week", "steady@example.org")
    assert sent("steady@example.org") == 0


def change(client, recurring: RecurringContribution, **form: str) -> None:
    path = manage_url(recurring.donor).removeprefix(settings.BASE_URL)
    form |= {"recurring": str(recurring.pk), "form_id": str(uuid.uuid4())}
    assert client.post(path, form).status_code == 200


@pytest.fixture
def promise(donor, told) -> RecurringContribution:
    donor.gives("promise@example.org")
    handle(told())
    return RecurringContribution.objects.get()


def test_who_cancels_is_asked_again_when_they_said(client, promise, sent) -> None:
    change(client, promise, do="cancel", later="91")
    assert sent("promise@example.org", days=90) == 0
    assert sent("promise@example.org", days=92) == 1


def test_cancellation_that_is_taken_back_takes_its_wish_along(client, promise, sent) -> None:
    change(client, promise, do="cancel", later="91")
    change(client, promise, do="keep")
    assert sent("promise@example.org", days=92) == 0
    change(client, promise, do="cancel", later="")  # this time: no
    assert sent("promise@example.org", days=92) == 0


def test_promise_that_was_kept_at_stripe_is_known_when_the_reminder_is_written(
    client, promise, donor, told, sent
) -> None:
    change(client, promise, do="cancel", later="91")
    gateway.change_subscription(
        promise.stripe_subscription, str(uuid.uuid4()), cancel_at_period_end=False
    )
    assert sent("promise@example.org", days=92, between=lambda: handle(told())) == 0


def test_debit_that_was_on_its_way_when_they_cancelled_ends_no_wish(
    client, donor, told, later, sent
) -> None:
    donor.gives("debit@example.org", Iban.PAYS, currency="eur")
    handle(told())
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        change(client, RecurringContribution.objects.get(), do="cancel", later="91")
    donor.advance(4)
    handle(told())
    assert Contribution.objects.get().status == "succeeded"
    assert Deferral.objects.get().status == "waiting"
    assert sent("debit@example.org", days=95) == 1


def test_reminder_for_an_appeal_that_is_over_waits_for_another(
    article, appeal, later, sent
) -> None:
    for when in ("week", "month"):
        later(when, f"{when}@example.org")
    appeal.live = False
    appeal.save()
    assert sent("week@example.org") == 0
    make_appeal()
    assert sent("month@example.org", days=31) == 1


def test_suppression_and_cancellation_count_until_it_is_written(
    client, article, later, sent
) -> None:
    later("week", "out@example.org")
    later("week", "cancels@example.org")

    def suppress() -> None:
        Suppression.add(list_index("out@example.org"), "complaint")
        for deferral in Deferral.objects.all():
            if deferral.email == "cancels@example.org":
                token = reminders.cancel_token(deferral)
                client.post(f"/support/remind-me/cancel/{token}/")

    assert sent("out@example.org", between=suppress) == 0
    assert sent("cancels@example.org") == 0
