from datetime import date, timedelta

import pytest
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.kept import retention
from newsroom.models import Suppression
from subscriptions.models import Consent, Subscriber, Subscription
from subscriptions.readers import signup
from tests.factories import make_subscription
from tests.queries import sql_of

URL = "/newsletter/weekly/signup/"
FORM = {"email": "reader@example.org", "consent": "on"}

pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")


def sign_up(client, committing, **fields: str):
    with committing():
        return client.post(URL, FORM | fields, follow=True)


def a_week_ago() -> date:
    return timezone.localdate() - signup.UNCONFIRMED_KEPT


def link_in(mail: dict, part: str) -> str:
    """The path of the first link that holds ``part``, as the text part shows it."""
    links = [word for word in mail["text"].split() if part in word]
    return "/" + links[0].split("/", 3)[3]


@pytest.mark.parametrize(("below", "subject"), [("", "Please confirm"), ("/de", "Bitte")])
def test_mail_speaks_the_language_that_its_reader_chose_in_the_address(
    client, committing, inbox, site, below, subject
) -> None:
    with committing():
        client.post(f"{below}{URL}", FORM, headers={"Accept-Language": "pl"})
    [mail] = inbox.to(FORM["email"])
    assert mail["subject"].startswith(subject)
    assert Subscriber.objects.get().language == below.strip("/")


def test_reader_signs_up_confirms_and_is_welcomed(client, committing, inbox) -> None:
    answer = sign_up(client, committing, email="ann@example.org")
    assert "Check your inbox" in answer.text
    [mail] = inbox.to("ann@example.org")
    path = link_in(mail, "/confirm/")
    client.get(path)
    subscription = Subscription.objects.get()
    assert subscription.status == "pending"  # a GET changes nothing
    with committing():
        assert "You are subscribed" in client.post(path).text
        client.post(path)
    subscription.refresh_from_db()
    assert subscription.status == "confirmed"
    assert [mail["subject"] for mail in inbox.to("ann@example.org")] == [
        "Welcome: The Weekly",
        "Please confirm: The Weekly",
    ]
    consents = list(Consent.objects.values_list("action", "policy_version", "how"))
    assert consents == [("asked", "7", "form"), ("confirmed", "7", "mailed link")]


def test_known_and_unknown_address_get_the_same_answer(client, committing, inbox, site) -> None:
    make_subscription(site.newsletter, "known@example.org")
    known = sign_up(client, committing, email="known@example.org")
    unknown = sign_up(client, committing, email="unknown@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert inbox.to("known@example.org")[0]["subject"].startswith("You are already subscribed")


def test_signing_up_twice_in_a_minute_mails_once(client, committing, inbox) -> None:
    sign_up(client, committing, email="twice@example.org")
    sign_up(client, committing, email="TWICE@example.org")
    assert len(inbox.to("twice@example.org")) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": ""}, "enter your e-mail address"),
        ({"email": "no address"}, "does not look like an e-mail address"),
        ({"email": "a@b"}, "does not look like an e-mail address"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "does not look like"),
        ({"email": "x" * 300 + "@example.org"}, "at most 254"),
        ({"email": "someone@mailinator.com"}, "throw-away"),
        ({"email": "someone@sub.mailinator.com"}, "throw-away"),
        ({"consent": ""}, "agree to the privacy policy"),
    ],
)
def test_bad_input_gets_a_message_and_stores_nothing(client, committing, fields, message) -> None:
    answer = sign_up(client, committing, **fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert not Subscriber.objects.exists()
    if fields.get("email", "x").isprintable() and len(fields.get("email", "")) < 254:
        assert fields.get("email", FORM["email"]) in answer.text  # what was typed is kept


def test_robot_that_fills_the_hidden_field_is_ignored(client, committing, inbox) -> None:
    answer = sign_up(client, committing, website="https://spam.example")
    assert "Check your inbox" in answer.text
    assert not Subscriber.objects.exists()


def test_stale_and_forged_confirmation_links_are_refused(client, monkeypatch, site) -> None:
    subscription = make_subscription(site.newsletter, status="pending")
    path = f"/newsletter/confirm/{signup.confirm_token(subscription)}/"
    assert client.post("/newsletter/confirm/forged:token/").status_code == 404
    monkeypatch.setattr(signup, "CONFIRM_SECONDS", -1)
    answer = client.post(path)
    assert answer.status_code == 403
    assert "expired" in answer.text
    subscription.refresh_from_db()
    assert subscription.status == "pending"


@pytest.fixture
def reader(site) -> Subscription:
    return make_subscription(site.newsletter)


def unsubscribe_path(subscription: Subscription) -> str:
    return f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', subscription.pk)}/"


def test_one_click_unsubscribes_without_cookie_or_stamp(client, reader) -> None:
    body = {"List-Unsubscribe": "One-Click"}
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    for _ in range(2):  # RFC 8058: repeated posts get the same answer, no redirect
        assert client.post(unsubscribe_path(reader), body, headers=headers).status_code == 200
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"
    assert list(reader.consents.values_list("action", "how")) == [("withdrawn", "one-click")]


def test_link_scanner_unsubscribes_nobody(client, reader) -> None:
    assert client.get(unsubscribe_path(reader)).status_code == 200
    assert client.head(unsubscribe_path(reader)).status_code == 200
    reader.refresh_from_db()
    assert reader.status == "confirmed"


def test_unsubscribing_an_erased_reader_answers_the_same(client, reader) -> None:
    path = unsubscribe_path(reader)
    reader.subscriber.delete()
    assert client.post(path).status_code == 200


def test_forged_unsubscribe_link_gets_404(client) -> None:
    assert client.post("/newsletter/unsubscribe/AAAA/").status_code == 404


def test_reader_leaves_and_returns_on_their_own_page(client, reader) -> None:
    path = f"/newsletter/preferences/{tokens.permanent('preferences', reader.subscriber_id)}/"
    client.post(path, {"newsletter": "weekly", "leave": "1"})
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"
    client.post(path, {"newsletter": "weekly", "return": "1"})
    reader.refresh_from_db()
    assert reader.status == "confirmed"


def test_who_returns_after_leaving_confirms_anew(client, committing, inbox, site) -> None:
    subscription = make_subscription(site.newsletter, "back@example.org", status="unsubscribed")
    sign_up(client, committing, email="back@example.org")
    subscription.refresh_from_db()
    assert subscription.status == "pending"
    assert inbox.to("back@example.org")[0]["subject"].startswith("Please confirm")


def test_unconfirmed_addresses_are_forgotten_after_a_week(site) -> None:
    old = make_subscription(site.newsletter, status="pending")
    kept = make_subscription(site.newsletter)
    week_ago = timezone.localdate() - timedelta(days=8)
    Subscription.objects.update(created_on=week_ago)
    Subscriber.objects.update(created_on=week_ago)
    signup.forget_unconfirmed(a_week_ago())
    assert list(Subscriber.objects.all()) == [kept.subscriber]
    assert not Subscription.objects.filter(pk=old.pk).exists()


def test_who_is_forgotten_is_locked_first_in_the_order_of_a_suppression(site, monkeypatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(4):
        make_subscription(site.newsletter, f"{number}@example.org", status="pending")
    Subscription.objects.update(created_on=timezone.localdate() - timedelta(days=8))
    Subscriber.objects.update(created_on=timezone.localdate() - timedelta(days=8))
    said = sql_of(lambda: signup.forget_unconfirmed(a_week_ago()))
    first = next(one for one in said if "subscriptions_subscription" in one)
    assert first.endswith('ORDER BY 1 ASC LIMIT 2 FOR UPDATE OF "subscriptions_subscription"')
    assert not Subscriber.objects.exists()


def test_who_comes_back_is_locked_before_their_suppression_is_lifted(site) -> None:
    reader = make_subscription(site.newsletter, status="unsubscribed")
    Suppression.add(reader.subscriber.email_index, "bounce")
    said = sql_of(lambda: signup.resubscribe(reader))
    locked = next(n for n, one in enumerate(said) if "FOR UPDATE" in one)
    lifted = next(n for n, one in enumerate(said) if "newsroom_suppression" in one)
    assert "subscriptions_subscription" in said[locked] and locked < lifted


def test_who_asks_again_has_a_week_from_then_on(site) -> None:
    old = make_subscription(site.newsletter, "again@example.org", status="pending")
    Subscription.objects.update(created_on=timezone.localdate() - timedelta(days=8))
    signup.sign_up(site.newsletter, "again@example.org", how="form")
    signup.forget_unconfirmed(a_week_ago())
    assert Subscription.objects.filter(pk=old.pk).exists()
    Consent.objects.update(on=timezone.localdate() - timedelta(days=8))
    signup.forget_unconfirmed(a_week_ago())
    assert not Subscription.objects.filter(pk=old.pk).exists()


def test_first_way_in_is_kept_and_a_stranger_writes_none(client, committing) -> None:
    sign_up(client, committing, email="a@example.org", source="front page")
    sign_up(client, committing, email="a@example.org", source="site box")
    sign_up(client, committing, email="b@example.org", source="<b>mine</b> import 3")
    assert list(Subscription.objects.order_by("pk").values_list("source", flat=True)) == [
        "front page",
        "page",
    ]


def test_mistyped_address_is_asked_about_once(client, committing, inbox) -> None:
    asks = sign_up(client, committing, email="ann@gmial.com")
    assert asks.status_code == 422 and "Did you mean ann@gmail.com?" in asks.text
    assert not Subscriber.objects.exists()
    still = sign_up(client, committing, email="ann@gmial.com", meant="ann@gmial.com")
    assert "throw-away" in still.text and "Did you mean" not in still.text
    for meant in ("ann@gmail.com", "ann@gmaul.com"):
        with committing():
            client.post(URL, {"email": "ann@gmaul.com", "consent": "on", "meant": meant})
        assert inbox.to(meant)[0]["subject"].startswith("Please confirm")


def test_who_was_sure_does_a_sum_and_is_not_asked_again(client, committing, monkeypatch) -> None:
    monkeypatch.setattr("newsroom.mail.asked.PER_MINUTE", 0)
    page = sign_up(client, committing, email="ann@gmaul.com", meant="ann@gmaul.com")
    assert page.status_code == 429
    assert 'name="sure" value="ann@gmaul.com"' in page.text and "Did you mean" not in page.text
