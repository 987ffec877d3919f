"""The site as it is reached by its own address, through whatever is in front; and what else is
asked over the network. From this machine: what outsiders see may differ."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection

from newsroom.doctor.examination import Finding, ok, warning, wrong
from newsroom.mail import providers
from newsroom.mail.providers import Transport
from newsroom.models import Masthead
from newsroom.web import health

SECONDS = 4
MOST = 10_000  # bytes of an answer
SOON, TOO_SOON = 21, 7  # days
STRANGER = "192.0.2.1"  # nobody's (RFC 5737)
CONTRACT = "docs/proxy.md"
FAILURES = (OSError, HTTPException)


@dataclass(frozen=True)
class Answer:
    status: int
    date: str
    body: bytes


def ask(method: str, url: str, headers: dict[str, str]) -> Answer:
    """Goes straight there, and follows nothing. Raises FAILURES."""
    place = urlsplit(url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=SECONDS)
    try:
        connection.request(method, place.path or "/", headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers.get("Date", ""), answer.read(MOST))
    finally:
        connection.close()


def why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS} seconds"
    words = getattr(error, "verify_message", "") or getattr(error, "strerror", "")
    return str(words or type(error).__name__).rstrip(".")


# --- Certificates ---------------------------------------------------------------------------


def certificates_are_good() -> Iterator[Finding]:
    for origin in filter(None, [settings.BASE_URL, settings.MEDIA_ORIGIN]):
        if origin.startswith("https://"):
            yield certificate(origin)
        else:
            yield warning(f"{origin} is without TLS.", "https://, unless it is for trying things")


def mirror_has_one_too() -> Iterator[Finding]:
    if mirror := Masthead.load().mirror:
        yield certificate(mirror)
    else:
        yield ok("There is no mirror.")


def certificate(origin: str) -> Finding:
    place = urlsplit(origin)
    host, port = place.hostname or "", place.port or 443
    connection = HTTPSConnection(host, port, timeout=SECONDS)
    try:
        connection.connect()
        said: Any = connection.sock.getpeercert()
    except ssl.SSLCertVerificationError as error:
        todo = "renew it, for this name, with its chain; does what renews it run?"
        return wrong(f"{host}: {why(error)}.", todo)
    except OSError as error:
        return wrong(f"{host}, port {port}: {why(error)}.", f"does the proxy listen? {CONTRACT}")
    finally:
        connection.close()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    if days > SOON:
        return ok(f"{host}: {days} days left.")
    words, todo = f"{host}: {days} days left.", "does what renews it run?"
    return warning(words, todo) if days > TOO_SOON else wrong(words, todo)


# --- The way in -----------------------------------------------------------------------------


def proxies_pass_on() -> Iterator[Finding]:
    """By a request that lies, and proves that it is ours: it is told what came of its lies."""
    lies = {"X-Forwarded-For": STRANGER, "X-Forwarded-Proto": "http"}
    try:
        answer = ask("GET", f"{settings.BASE_URL}/livez", lies | {health.HEADER: health.ticket()})
    except FAILURES as error:
        words = f"{settings.BASE_URL} does not answer: {why(error)}."
        yield wrong(words, f"do the web process and the proxy run? {CONTRACT}")
        return
    try:
        found = json.loads(answer.body)["passed_on"]
    except (ValueError, LookupError, TypeError):
        words = f"{settings.BASE_URL}/livez answers {answer.status}, but not as this site does."
        todo = f"is it another site? has the web process the same SECRET_KEY? {CONTRACT}"
        yield wrong(words, todo)
        return
    yield from judged(found)


def judged(found: dict[str, str]) -> Iterator[Finding]:
    """What arrived, of a request that had lied in both headers that a proxy sets."""
    many, place = settings.TRUSTED_PROXIES, urlsplit(settings.BASE_URL)
    if found["host"] != place.netloc:
        yield wrong(f"Host arrives as “{found['host']}”.", f"pass it on as it came, {CONTRACT}")
    came = [one.strip() for one in found["for"].split(",") if one.strip()]
    added = len(came) - 1 if came[:1] == [STRANGER] else None  # None: they write it anew
    if not many:
        if came != [STRANGER] or found["proto"] != "http":
            yield wrong("There is a proxy in front.", f"TRUSTED_PROXIES=1, {CONTRACT}")
        return
    if len(came) < many or came[-many] == STRANGER:
        todo = f"a smaller TRUSTED_PROXIES; or let the proxy add to X-Forwarded-For, {CONTRACT}"
        yield wrong("Visitors choose the address that they are known by.", todo)
    elif added is not None and added > many:
        words = f"Visitors are all known by the address of a proxy: there are {added} of them."
        yield wrong(words, f"TRUSTED_PROXIES={added}, if all are yours, {CONTRACT}")
    if found["proto"].split(",")[-1].strip() != place.scheme:
        words = f"X-Forwarded-Proto arrives as “{found['proto']}”."
        yield wrong(words, f"let the proxy write “{place.scheme}” over what it got, {CONTRACT}")


def mail_hook_is_reached() -> Iterator[Finding]:
    if hook := providers.current().hook:
        yield hook_answers(f"/webhooks/anymail/{hook.name}/tracking/")
    else:
        yield ok("There is none: bounces come as mail, through manage.py bounce.")


def hook_answers(path: str) -> Finding:
    """A webhook of ours refuses what nobody has signed, by 400. Whatever else was someone else."""
    url = f"{settings.BASE_URL}{path}"
    try:
        answer = ask("POST", url, {"Content-Type": "application/json"})
    except FAILURES as error:
        return wrong(f"{url} does not answer: {why(error)}.", CONTRACT)
    if answer.status == 400:
        return ok(f"{url} is reached, from here.")
    todo = f"let whatever stands in front pass it on, {CONTRACT}"
    return wrong(f"{url} answers {answer.status}, which is not ours.", todo)


# --- Others ---------------------------------------------------------------------------------


def mail_server_takes_us() -> Iterator[Finding]:
    """Signs in, and sends nothing."""
    if providers.current().transport is not Transport.SMTP:
        yield ok("There is none: mail goes by the provider's API.")
        return
    server = f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"
    try:
        with get_connection(timeout=SECONDS):
            yield ok(f"{server} takes our mail.")
    except (OSError, SMTPException) as error:
        yield wrong(f"{server}: {why(error)}.", "are EMAIL_… right? is the port open?")


def seconds_apart(url: str) -> float | None:
    """This machine's clock, less the one there; None when there is none to be had."""
    try:
        answer = ask("HEAD", url, {})
        return (datetime.now(UTC) - parsedate_to_datetime(answer.date)).total_seconds()
    except (*FAILURES, ValueError, TypeError):
        return None
