"""Leaving: by one click, by the page's button, by mail; and the mail that tells who left."""

import asyncio
import io
import re
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test.client import ClientHandler
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.diagnosis import Verdict
from newsroom.models import Suppression, TransactionalMail
from newsroom.web.body_limits import PUBLIC_BODY
from newsroom.web.front import Answer, Front, environ_of
from subscriptions.models import Consent, Subscriber, Subscription
from subscriptions.readers import by_mail, signup
from subscriptions.tracking import feedback
from tests.factories import make_subscription

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture
def reader(site) -> Subscription:
    return make_subscription(site.newsletter, "leaver@example.org")


def path_of(reader: Subscription) -> str:
    return f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', reader.pk)}/"


def status_of(reader: Subscription) -> str:
    reader.refresh_from_db()
    return reader.status


def through_the_front(
    method: str, path: str, body: bytes = b"", query: str = "", **headers: str
) -> int:
    """The status of a raw request, as a server hands it over (ASGI)."""
    named = {"host": "testserver"} | {name.replace("_", "-"): v for name, v in headers.items()}
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "http_version": "1.1", "client": ("203.0.113.9", 1), "server": ("testserver", 80),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    def django(environ: dict[str, Any], start: Any) -> Any:
        response = ClientHandler(enforce_csrf_checks=True)(environ)
        start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return list(response)  # and the connection stays ours

    front = Front(django)
    with SpooledTemporaryFile() as asked, SpooledTemporaryFile() as said:
        environ, answer = environ_of(scope, asked), Answer(said)
        asyncio.run(front.take(environ, receive))
        front.let_django_answer(environ, answer)
        return answer.status


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, ONE_CLICK),
        (FORM, b""),
        ("", ONE_CLICK),
        (f"{FORM}; charset=hex", ONE_CLICK),
        (f"{FORM}; charset=utf-16", ONE_CLICK.decode().encode("utf-16")),
        (f"{FORM}; charset=no-such", b"\xff\xfe\xed\xa0\x80"),
        (FORM, b"\0" * 100),
        (FORM, b"List-Unsubscribe=%00"),
        (FORM, b"a&" * 15_000),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=", ONE_CLICK),
        ("multipart/form-data; boundary=x", b"no part at all"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
        ("application/json", b"{"),
        ("text/plain; charset*=x''y", b"x"),
        ("x", b"x" * PUBLIC_BODY),
        (FORM, b"_method=GET&List-Unsubscribe=No"),
    ],
)
def test_one_click_is_answered_whatever_its_body(reader, kind: str, body: bytes) -> None:
    headers = {
        "content_type": kind, "content_length": str(len(body)), "origin": "https://mail.example",
        "x_http_method_override": "GET", "sec_fetch_site": "cross-site",
    }  # fmt: skip
    for _ in range(2):
        assert through_the_front("POST", path_of(reader), body, **headers) == 200
    assert status_of(reader) == "unsubscribed"
    assert list(reader.consents.values_list("how", flat=True)) == ["one-click"]


def test_body_without_a_length_or_a_query_of_nonsense_hinders_nobody(reader) -> None:
    chunked = {"transfer_encoding": "chunked", "content_type": FORM}
    query = "&" * 30_000 + "%00=\xff&_method=GET"
    assert through_the_front("POST", path_of(reader), ONE_CLICK, query, **chunked) == 200
    assert status_of(reader) == "unsubscribed"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_nothing_but_a_post_takes_anybody_off(reader, method: str) -> None:
    override = {"x_http_method_override": "POST", "content_type": FORM}
    through_the_front(method, path_of(reader), ONE_CLICK, "page", **override)
    assert status_of(reader) == "confirmed"


def test_button_of_the_page_is_told_from_one_click(client, reader) -> None:
    page = client.get(path_of(reader)).text
    assert 'action="?page"' in page
    assert client.post(f"{path_of(reader)}?page").status_code == 200
    assert list(reader.consents.values_list("how", flat=True)) == ["page"]


def test_pages_of_mailed_links_speak_the_language_that_their_reader_chose(client, reader) -> None:
    Subscriber.objects.update(language="de")
    page = path_of(reader)
    asked, prefixed = client.get(page), client.get(f"/fr{page}")
    assert '<html lang="de"' in asked.text
    assert '<html lang="fr"' in prefixed.text  # somebody pressed it in the footer
    left = client.post(f"{page}?page")
    again, noted = client.get(page), client.post(f"{page}why/", {"reason": "often"})
    for answer in (left, again, noted):
        assert '<html lang="de"' in answer.text
    Subscription.objects.update(status="pending", unsubscribed_on=None)
    reader.refresh_from_db()
    link = f"/newsletter/confirm/{signup.confirm_token(reader)}/"
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 200 and '<html lang="de"' in answer.text


def test_other_forms_still_refuse_what_no_database_takes(client, reader) -> None:
    path = f"/newsletter/preferences/{tokens.permanent('preferences', reader.subscriber_id)}/"
    assert client.post(path, "newsletter=%00&leave=", FORM).status_code == 400
    assert client.post(path, "newsletter=\0&leave=", FORM).status_code == 400


# --- By mail --------------------------------------------------------------------------------


@pytest.fixture
def offered(settings) -> None:
    settings.LEAVE_BY_MAIL, settings.RETURN_PATH = True, "bounces@lists.example.org"


def write_to(address: str, mail: bytes, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(mail)))
    call_command("bounce", address)


def leaving_address(reader: Subscription) -> str:
    return by_mail.address(by_mail.token_of(reader.pk))


def test_address_to_leave_survives_mail_servers(offered, reader) -> None:
    address = leaving_address(reader)
    local, _, domain = address.partition("@")
    assert domain == "lists.example.org" and address == address.lower()
    assert len(local) <= 64 and re.fullmatch(r"[a-z0-9+-]+", local)
    for as_it_comes in (address, address.upper(), f"<{address}>", address.title()):
        assert by_mail.subscription_of(as_it_comes) == reader.pk


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"From: ann@elsewhere.example\nSubject: unsubscribe\n\n",
        b"Auto-Submitted: no\n\nplease",
        b"Auto-Submitted: NO (I typed it)\n\nplease",
        b"\xff\xfe\0" * 2000,
        b"Subject: =?x?q?\xff?=\nFrom: <<>>\nContent-Type: multipart/mixed\n\n--\n",
        b"X: " + b"y" * 2_000_000,
        b"Precedence: list\n\n",
    ],
)
def test_mail_to_that_address_unsubscribes_whoever_sends_it(
    offered, reader, monkeypatch, mail: bytes
) -> None:
    for _ in range(2):
        write_to(leaving_address(reader), mail, monkeypatch)
    assert status_of(reader) == "unsubscribed"
    assert list(reader.consents.values_list("how", flat=True)) == ["mail"]


@pytest.mark.parametrize(
    "headers",
    [
        b"Auto-Submitted: auto-replied",
        b"auto-submitted:  Auto-Replied (vacation); owner-email=\"a@example.org\"",
        b"Auto-Submitted: auto-generated",
        b"Precedence: bulk",
        b"Precedence: auto_reply",
        b"X-Autoreply: yes",
        b"Return-Path: <>",
        b"Content-Type: multipart/report; report-type=delivery-status",
        b"Content-Type: Multipart/Report;\n report-type=disposition-notification",
    ],
)  # fmt: skip
def test_answer_of_a_machine_unsubscribes_nobody(offered, reader, monkeypatch, headers) -> None:
    mail = b"Subject: Away\n" + headers + b"\n\nI am back on Monday."
    write_to(leaving_address(reader), mail, monkeypatch)
    assert status_of(reader) == "confirmed"


def test_forged_address_is_refused_and_one_of_an_erased_reader_is_not(
    offered, reader, monkeypatch
) -> None:
    address = leaving_address(reader)
    other = make_subscription(reader.newsletter)
    forged = address[:-20] + ("a" if address[-20] != "a" else "b") + address[-19:]
    for_bounces = by_mail.address(tokens.caseless("bounce", other.pk))
    for to in (forged, for_bounces, by_mail.address(""), address.replace("leave-", "leave-x")):
        with pytest.raises(CommandError):
            write_to(to, b"", monkeypatch)
    assert status_of(reader) == status_of(other) == "confirmed"
    reader.subscriber.delete()
    write_to(address, b"", monkeypatch)


def test_single_mail_offers_the_address_only_where_it_is_read(
    client, reader, inbox, committing, settings, monkeypatch
) -> None:
    for read in (False, True):
        settings.LEAVE_BY_MAIL = read
        Consent.objects.create(subscription=reader, action="asked", how=str(read))
        with committing():
            TransactionalMail.objects.all().delete()
            signup.sign_up(reader.newsletter, "leaver@example.org", "form")
        header = inbox.to("leaver@example.org")[0]["headers"]["List-Unsubscribe"]
        ways = [way.strip(" <>") for way in header.split(",")]
        assert ways[0].startswith(settings.BASE_URL)
        assert (len(ways) == 2) == read
    mailto, _, subject = ways[1].removeprefix("mailto:").partition("?")
    assert subject == "subject=unsubscribe"
    write_to(mailto, b"", monkeypatch)
    assert status_of(reader) == "unsubscribed"


# --- The mail that tells --------------------------------------------------------------------


def told(inbox) -> list[dict[str, Any]]:
    return [mail for mail in inbox.to("leaver@example.org") if "You have left" in mail["subject"]]


def leave(client, reader: Subscription, way: str, monkeypatch) -> None:
    own = f"/newsletter/preferences/{tokens.permanent('preferences', reader.subscriber_id)}/"
    match way:
        case "one-click":
            client.post(path_of(reader), {"List-Unsubscribe": "One-Click"})
        case "page":
            client.post(f"{path_of(reader)}?page")
        case "own page":
            client.post(own, {"newsletter": "weekly", "leave": "1"})
        case "mail":
            write_to(leaving_address(reader), b"", monkeypatch)


@pytest.mark.parametrize("way", ["one-click", "page", "own page", "mail"])
def test_who_was_taken_off_hears_of_it_once_and_comes_back_with_one_press(
    client, reader, inbox, committing, monkeypatch, way: str
) -> None:
    for _ in range(2):  # pressed twice
        with committing():
            leave(client, reader, way, monkeypatch)
    [mail] = told(inbox)
    assert mail["subject"] == "You have left: The Weekly"
    assert "List-Unsubscribe" not in mail["headers"]
    assert "/newsletter/go/" not in mail["html"]
    [link] = [word for word in mail["text"].split() if "/preferences/" in word]
    back = "/" + link.split("/", 3)[3]
    assert status_of(reader) == "unsubscribed"
    assert client.get(back).status_code == 200 and status_of(reader) == "unsubscribed"
    client.post(back, {"newsletter": "weekly", "return": "1"})
    assert status_of(reader) == "confirmed"
    with committing():
        leave(client, reader, way, monkeypatch)
    assert len(told(inbox)) == 2


def test_who_leaves_and_returns_all_day_is_not_flooded(client, reader, inbox, committing) -> None:
    for _ in range(6):
        with committing():
            signup.unsubscribe(reader, how="one-click")
            signup.resubscribe(reader)
        with committing():
            signup.unsubscribe(reader, how="page")
    assert len(told(inbox)) <= 3
    week_ago = timezone.localdate() - timedelta(days=7)
    Consent.objects.update(on=week_ago)
    signup.resubscribe(reader)
    before = len(told(inbox))
    with committing():
        signup.unsubscribe(reader, how="one-click")
    assert len(told(inbox)) == before + 1


def test_who_came_back_before_the_mail_went_hears_nothing(reader, inbox, committing) -> None:
    with committing():
        signup.unsubscribe(reader, how="one-click")
        signup.resubscribe(reader)
    assert told(inbox) == []


@pytest.mark.parametrize("verdict", [Verdict.COMPLAINT, Verdict.UNSUBSCRIBE, Verdict.DEAD])
def test_no_mail_follows_what_a_provider_tells(reader, verdict: Verdict) -> None:
    feedback.act(verdict, list_index("leaver@example.org"), None)
    left = "confirmed" if verdict is Verdict.DEAD else "unsubscribed"
    assert status_of(reader) == left
    assert not TransactionalMail.objects.exists()


@pytest.mark.parametrize("status", ["pending", "unsubscribed"])
def test_who_was_not_on_the_list_hears_nothing(client, site, status: str) -> None:
    other = make_subscription(site.newsletter, "other@example.org", status=status)
    client.post(path_of(other))
    assert not TransactionalMail.objects.exists()


def test_suppressed_address_is_not_written_to(client, reader, inbox, committing) -> None:
    Suppression.add(reader.subscriber.email_index, Suppression.Reason.COMPLAINT)
    with committing():
        client.post(path_of(reader))
    assert told(inbox) == []
