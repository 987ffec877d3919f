import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from donations.asking import emails, reminders, reminding
from donations.giving.links import manage_url
from donations.models import Contribution, Deferral, DeferralCount, RecurringContribution
from donations.models.asking import days
from donations.payments import gateway
from donations.sandbox.objects import Iban
from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from tests.donations.conftest import handle
from tests.factories import make_appeal, make_article, make_deferral

URL = "/support/remind-me/"


@pytest.fixture
def later(client, committing, inbox):
    """Press “Remind me”, and the button that the first mail leads to."""

    def press(when: str, email: str, confirm: bool = True, **more: str) -> None:
        with committing():
            client.post(URL, {"when": when, "email": email, "zone": "Europe/Moscow", **more})
        if confirm and (mails := inbox.to(email)):
            client.post(link_in(mails[0], "/confirm/"))

    return press


def link_in(mail: dict[str, Any], part: str) -> str:
    """The path of the mail's link that has it."""
    [link] = [word for word in mail["text"].split() if part in word]
    return "/" + link.split("/", 3)[3]


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
@pytest.mark.parametrize(
    "choice", [*days.SOON, *days.FAR, days.IN_MONTH[1]], ids=lambda one: one.value
)
def test_answer_says_until_when_and_where_we_write(client, article, choice, email: str) -> None:
    answer = client.post(URL, {"when": choice.value, "email": email, "back": article})
    if choice.value == days.ARTICLES:
        assert ("read five more articles" if not email else "choose a day") in answer.text
        return
    day = date_format(choice.day(days.today_in(days.zone_of("en"), timezone.now())))
    assert f"Until {day} we do not ask you again in this browser." in answer.text
    assert (f"is on its way to <strong>{email}</strong>" in answer.text) == bool(email)
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


def test_nothing_but_the_first_mail_goes_to_who_does_not_confirm(
    client, article, inbox, committing, later
) -> None:
    later("week", "silent@example.org", confirm=False)
    with committing():
        assert reminding.send_due(timezone.now() + timedelta(days=8)) == 0
    [first] = inbox.to("silent@example.org")
    assert first["subject"] == "Please confirm your reminder"
    link = link_in(first, "/confirm/")
    assert "Shall we remind you?" in client.get(link).text
    assert Deferral.objects.get().status == "asked"  # a GET changes nothing
    for press in (client.post, client.get):  # pressed, opened again
        assert "We will get back to you" in press(link).text
    assert Deferral.objects.get().status == "waiting"


def test_reminder_arrives_on_its_day_with_a_link_that_fills_the_form(
    client, article, inbox, committing, later
) -> None:
    wish = {"frequency": "annual", "amount": "35", "currency": "eur"}
    later("month", "later@example.org", **wish)
    due_at = Deferral.objects.get().due_at
    assert due_at.astimezone(ZoneInfo("Europe/Moscow")).hour == 10
    with committing():
        assert reminding.send_due(due_at - timedelta(minutes=1)) == 0
    with committing():
        assert reminding.send_due(due_at) == 1
        assert reminding.send_due(due_at + timedelta(days=1)) == 0
    mail = inbox.to("later@example.org")[0]
    assert "support" not in mail["subject"].lower()  # neutral in a shared inbox
    assert "Please give" in mail["text"] and "((" not in mail["text"] + mail["html"]
    page = client.get(link_in(mail, "/give/"), follow=True).text
    assert 'value="annual" checked' in page and 'value="35"' in page
    assert 'name="reminder"' in page and 'value="EUR"' in page.replace("eur", "EUR")


def test_first_mail_and_its_page_say_all_that_is_agreed_to(client, article, inbox, later) -> None:
    later("week", "all@example.org", confirm=False, once_more="on", yearly="on")
    [first] = inbox.to("all@example.org")
    wish = Deferral.objects.get()
    again = date_format(wish.agreed_day + timedelta(days=7))
    assert f"once more on {again}" in " ".join(first["text"].split())
    page = client.get(link_in(first, "/confirm/")).text
    assert "once more a week later" in page and "Then every year." in page


def test_reminder_asks_by_the_appeal_that_was_put_off(
    client, site, article, inbox, committing, later
) -> None:
    """Also one that asks only there, or that others come before everywhere else."""
    paid_for = make_appeal(title="From {least} on this investigation goes on")
    paid_for.asked_on.create(page=make_article(site.section))
    page = client.get(paid_for.asked_on.get().page.url).text
    form = page[page.index('class="later"') :]
    assert f'name="appeal" value="{paid_for.pk}"' in form
    later("week", "topic@example.org", appeal=str(paid_for.pk))
    make_appeal(title="Nur auf Deutsch", language="de")
    with committing():
        reminding.send_due(Deferral.objects.get().due_at)
    mail = inbox.to("topic@example.org")[0]
    assert "From $2 on this investigation goes on" in " ".join(mail["text"].split())
    assert "this investigation goes on" in client.get(link_in(mail, "/give/"), follow=True).text


def test_reminder_of_an_appeal_that_is_over_names_one_that_its_reader_is_asked_by(
    client, article, appeal, inbox, committing, later
) -> None:
    over = make_appeal(title="Until Sunday")
    later("week", "over@example.org", appeal=str(over.pk))
    make_appeal(title="Nur auf Deutsch", language="de")
    over.ends_at = timezone.now()
    over.save()
    with committing():
        reminding.send_due(Deferral.objects.get().due_at)
    mail = inbox.to("over@example.org")[0]
    assert appeal.title in mail["text"]
    assert appeal.title in client.get(link_in(mail, "/give/"), follow=True).text


def test_an_appeal_may_have_words_of_its_own_for_the_reminder(
    article, inbox, committing, later
) -> None:
    own = make_appeal(
        title="The headline",
        reminder_subject="A month is over {once}",
        reminder_words="From {least} on & <b>we</b> print.",
    )
    later("week", "own@example.org", appeal=str(own.pk))
    with committing():
        reminding.send_due(Deferral.objects.get().due_at)
    mail = inbox.to("own@example.org")[0]
    assert mail["subject"] == "A month is over $5" and "The headline" not in mail["text"]
    assert "& <b>we</b> print." in mail["text"] and "&lt;b&gt;we" in mail["html"]
    assert "From $2 on" in mail["text"]


def test_reminder_is_previewed_in_the_language_of_its_appeal(rf, site) -> None:
    appeal = make_appeal(language="ru", reminder_words="Нам нужны вы, от {least}.")
    answer = appeal.serve_preview(rf.get("/"), "reminder")
    shown = answer.text
    assert "'unsafe-inline'" in answer["Content-Security-Policy"]  # its styles are in it
    assert "prefers-color-scheme: dark" not in shown
    assert "Нам нужны вы, от" in shown and "{" not in shown.partition("<body")[2]
    assert 'lang="ru"' in shown and "/support/" in shown


@pytest.mark.parametrize("name", ["reminder_subject", "reminder_words"])
@pytest.mark.parametrize(
    ("words", "why"), [("Give $5", "every currency"), ("{{unsubscribe}}", "no amount")]
)
def test_words_of_the_reminder_are_looked_over_like_the_headline(
    site, name: str, words: str, why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        make_appeal(**{name: words}).clean()


@pytest.mark.parametrize("appeal_id", ["0", "-1", "x", "9" * 40, "٣"])
def test_appeal_that_nobody_knows_is_the_one_that_asks(article, appeal, later, appeal_id) -> None:
    later("week", "forged@example.org", appeal=appeal_id)
    assert Deferral.objects.get().appeal == appeal


@pytest.mark.parametrize(
    "hidden", [{"frequency": "weekly"}, {"currency": "dollars"}, {"amount": "9" * 99}]
)
def test_what_only_fills_in_a_form_is_no_reason_to_refuse(
    article, later, hidden: dict[str, str]
) -> None:
    later("week", "hidden@example.org", **hidden)
    wish = Deferral.objects.get()
    assert (wish.frequency, wish.currency, wish.amount) == ("monthly", "usd", None)


def test_page_for_giving_has_remind_me_later_too(client, site, appeal) -> None:
    """Banners and the page of a reminder that is over lead there."""
    page = client.get("/support/").text
    assert page.count('class="later"') == 1
    refused = client.post("/support/checkout/", {"frequency": "once", "own_amount": "x"}).text
    assert refused.count('class="later"') == 1


def test_second_wish_takes_the_place_of_the_first_when_it_is_confirmed(later, article) -> None:
    later("week", "twice@example.org")
    later("quarter", "twice@example.org", confirm=False)  # by whoever typed it
    assert Deferral.objects.get(status="waiting").choice == "week"
    reminders.confirm(Deferral.objects.get(status="asked"), timezone.now())
    assert Deferral.objects.get(status="waiting").choice == "quarter"
    assert Deferral.objects.get(choice="week").status == "cancelled"


def test_same_wish_again_causes_no_mail(later, article, inbox) -> None:
    for _ in range(2):
        later("week", "same@example.org")
    assert len(inbox.to("same@example.org")) == 1 and Deferral.objects.count() == 1


def test_cancel_link_ends_it_by_a_button_only(client, article, later) -> None:
    later("week", "no@example.org")
    deferral = Deferral.objects.get()
    path = f"/support/remind-me/cancel/{reminders.token_of(deferral)}/"
    client.get(path)
    deferral.refresh_from_db()
    assert deferral.status == "waiting"
    client.post(path)
    deferral.refresh_from_db()
    assert deferral.status == "cancelled"
    for press in (client.get, client.post):  # opened again
        assert "Reminder cancelled" in press(path).text
    assert reminding.send_due(timezone.now() + timedelta(days=8)) == 0
    for name in ("cancel", "confirm", "postpone", "give"):
        assert client.get(f"/support/remind-me/{name}/AAAA/").status_code == 404
        others = tokens.permanent("unsubscribe", deferral.pk)
        assert client.post(f"/support/remind-me/{name}/{others}/").status_code in (404, 405)


def test_one_gentle_second_reminder_comes_only_if_agreed_and_then_it_lapses(
    article, later, inbox, committing
) -> None:
    later("tomorrow", "once@example.org")
    later("tomorrow", "more@example.org", once_more="on")
    now = timezone.now()
    for days_later in (2, 9.1, 17):
        with committing():
            reminding.send_due(now + timedelta(days=days_later))
    assert len(inbox.to("once@example.org")) == 2  # the first of them asks for a yes
    second = inbox.to("more@example.org")[0]
    assert len(inbox.to("more@example.org")) == 3 and "A week ago" in second["text"]
    assert set(Deferral.objects.values_list("status", flat=True)) == {"lapsed"}


def test_another_month_is_one_press_away_also_when_it_is_over(
    client, article, later, inbox, committing
) -> None:
    later("tomorrow", "again@example.org")
    now = timezone.now()
    for when in (now + timedelta(days=2), now + timedelta(days=10)):
        with committing():
            reminding.send_due(when)
    link = link_in(inbox.to("again@example.org")[0], "/postpone/")
    client.get(link)
    assert Deferral.objects.get().status == "lapsed"
    assert "We will get back to you" in client.post(link).text
    with committing():
        assert reminding.send_due(now + timedelta(days=33)) == 1
    assert len(inbox.to("again@example.org")) == 3


def test_every_year_goes_on_and_is_silent_in_one_with_a_gift(
    donor, told, later, inbox, committing
) -> None:
    later("other", "yearly@example.org", other="month-12", yearly="on")
    years = []
    for year in range(4):
        due_at = Deferral.objects.get().due_at
        years.append(due_at.year)
        if year == 1:
            donor.gives("yearly@example.org", frequency="once")
            handle(told())
            Contribution.objects.update(created_at=due_at - timedelta(days=100))
        with committing():
            reminding.send_due(due_at)
        assert len(inbox.to("yearly@example.org")) == [2, 2, 3, 4][year]
        reminding.send_due(due_at + timedelta(days=8))
    assert years == [years[0] + number for number in range(4)]


def test_giving_through_the_reminder_ends_it_whatever_address_pays(
    donor, inbox, committing, later
) -> None:
    later("week", "one@example.org")
    with committing():
        reminding.send_due(timezone.now() + timedelta(days=8))
    link = donor.client.get(link_in(inbox.to("one@example.org")[0], "/give/"))["Location"]
    token = link.partition("reminder=")[2].replace("%3A", ":")
    donor.gives("other@example.org", reminder=token)
    assert Deferral.objects.get().status == "given"
    [gave] = DeferralCount.objects.filter(outcome="gave")
    assert (gave.choice, gave.number, gave.amount, gave.currency) == ("week", 1, 1000, "usd")


def test_giver_sees_no_box(donor, site) -> None:
    article = make_article(site.section).url
    donor.gives("giver@example.org")
    assert "box-ask" not in donor.client.get(article).text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"when": ""}, "choose when"),
        ({"when": "someday"}, "choose when"),
        ({"when": "other", "other": ""}, "choose when"),
        ({"when": "other", "other": "month-13"}, "choose when"),
        ({"when": "2036-11"}, "choose when"),
        ({"when": "other", "other": "2020-01"}, "choose when"),
        ({"when": "week", "zone": "Mars/Olympus"}, "time zone"),
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
    assert reminding.send_due(timezone.now() + timedelta(days=40)) == 0
    assert Deferral.objects.get().status == "lapsed"


def test_suppressed_address_is_not_reminded(article, later) -> None:
    later("week", "gone@example.org")
    Suppression.objects.create(email_index=list_index("gone@example.org"), reason="complaint")
    assert reminding.send_due(timezone.now() + timedelta(days=8)) == 0


# --- Checked when it is sent -------------------------------------------------------------------


@pytest.fixture
def sent(committing, inbox):
    """How many reminders reach an address when its day comes."""

    def count(email: str, days: int = 8, between=lambda: None) -> int:
        with committing():
            reminding.send_due(timezone.now() + timedelta(days=days))
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
                token = reminders.token_of(deferral)
                client.post(f"/support/remind-me/cancel/{token}/")

    assert sent("out@example.org", between=suppress) == 0
    assert sent("cancels@example.org") == 0


def test_question_that_waits_is_not_mailed_to_who_wants_no_mail_by_then(site, inbox) -> None:
    wish = make_deferral("no@example.org", status="asked")
    assert emails.confirm_reminder(wish.pk)
    Suppression.add(list_index("no@example.org"), Suppression.Reason.REQUEST)
    assert emails.confirm_reminder(wish.pk) is None


def test_page_behind_the_mails_link_speaks_as_the_mail(client, site) -> None:
    token = reminders.token_of(make_deferral("ann@example.org", status="asked", language="ru"))
    for below, language in (("", "ru"), ("/de", "de")):
        page = client.get(f"{below}/support/remind-me/confirm/{token}/").text
        assert f'<html lang="{language}"' in page
