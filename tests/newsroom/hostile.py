"""Requests that a stranger may send, to any address of the site: most values are valid, so that
they get deep into the views; a few are not.
"""

import json
import os
import sys
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import requests
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.test.client import encode_multipart
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from django.utils.regex_helper import normalize
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction

from donations import models as giving
from donations.asking import reminders
from donations.giving import card_testing
from donations.payments import gateway, sync
from newsroom.core import tokens
from newsroom.models import Attachment, TextPage
from newsroom.web import proof_of_work
from newsroom.web.front import plain_type
from newsroom.web.public_forms import form_stamp
from subscriptions.models import Batch, Subscription
from subscriptions.readers import signup
from tests.donations.conftest import Donor, events, handle
from tests.factories import (
    make_appeal,
    make_article,
    make_deferral,
    make_frozen,
    make_issue,
    make_subscription,
)
from tests.newsroom.mail.test_webhooks import COMPLAINTS

REQUESTS = int(os.environ.get("REQUESTS", "200"))
PAGES, STRIPE, MAIL = REQUESTS * 7 // 10, REQUESTS // 10, REQUESTS // 5

# What no address, field or header of ours expects.
HOSTILE = [
    *(str(number).encode() for number in (0, -1, 2**31, 2**63, 10**20, 10**400)),
    *(b"", b" ", b"\0", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", b"%00", b"%", b"nan", b"1e999"),
    *(b"..", b"../../etc/passwd", b"//", b"\\", b"//[::1", b"[::1", b"http://[::1/", b"/a\r\nb: c"),
    *("🗞️".encode(), "\u202eمرحبا".encode(), "٣".encode(), "ß".encode(), b"'\"<script>"),
    *(b"9" * 5000, b"a" * 300, b"a" * 10_000, b"a/" * 200, b"{", b"\r\n", b"99"),
    *(b"%(x)s {{ x }}", b"a@b", b"xn--a", b"a" * 65 + b"@example.org"),
]
hostile = st.sampled_from(HOSTILE) | st.binary(max_size=20) | st.integers().map(lambda n: b"%d" % n)
METHODS = ["GET"] * 6 + ["POST"] * 10 + ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]

QUERY = {
    "q": ["Article", "deck"], "page": ["1", "2"], "p": ["1"], "frequency": ["once", "annual"],
    "amount": ["10", "12,50"], "own_amount": ["7"], "currency": ["usd", "EUR"], "sent": [""],
    "country": ["XX", "de"], "session": ["cs_test_x"], "checkout": [str(uuid.UUID(int=7))],
    "reminder": ["x"], "preview": ["1"], "mode": ["x"], "next": ["/"], "section": ["x"],
    "a[]": ["1"], "amount_monthly": ["5"], "format": ["json"], "utm_source": ["x"],
}  # fmt: skip
FIELDS = {
    "email": ["reader@example.org", "own@example.org", "new@example.net"], "consent": ["on"],
    "website": [""], "when": ["week", "year"], "back": ["/", "/politics/"], "work": ["1"],
    "frequency": ["once", "monthly", "annual"], "amount": ["10", "12,50", "1 000"],
    "amount_once": ["5"], "amount_monthly": ["5"], "own_amount": ["7", ""], "country": ["de", ""],
    "currency": ["usd", "eur", "jpy", "kwd"], "checkout": ["{uuid}", ""], "cover_fee": ["on"],
    "anonymous": ["on"], "newsletter": ["weekly"], "message": ["Thank you!"], "leave": [""],
    "return": [""], "List-Unsubscribe": ["One-Click"], "form_id": ["{uuid}"], "months": ["1", "3"],
    "do": ["amount", "frequency", "day", "pause", "resume", "cancel", "keep"], "day": ["1", "28"],
    "reason": ["content", ""], "later": ["91", ""],
    "username": ["x"], "next": ["/"],
}  # fmt: skip
# The fields that a form needs before its view does anything.
FORMS = {
    "sign_up": "email consent", "preferences": "newsletter leave", "message": "message",
    "unsubscribe": "List-Unsubscribe", "manage_request": "email", "remind_me": "when email",
    "checkout": "frequency amount currency appeal checkout",
    "manage": "recurring form_id do amount",
}  # fmt: skip
SITE = "http://testserver"
HEADERS = {
    "HTTP_HOST": ["testserver", "other.example", "a b", "[::1", "x" * 300, "", "a:b", "a:999999"],
    "HTTP_ORIGIN": [SITE, "http://[::1", "null", "http://", "http://a@b:c", "\xff\xfe"],
    "HTTP_REFERER": [f"{SITE}/politics/", "http://[::1", "null", "http://", f"{SITE}//[::1"],
    "HTTP_SEC_FETCH_SITE": ["same-origin", "none", "cross-site", "x"],
    "HTTP_X_FORWARDED_FOR": ["1.2.3.4", "x, ::, [::1", "," * 999], "HTTP_RANGE": ["bytes=9-1", "x"],
    "HTTP_X_FORWARDED_PROTO": ["https", "x,,"], "HTTP_X_FORWARDED_HOST": ["[::1", "a b"],
    "REMOTE_ADDR": ["203.0.113.7", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1%eth0", "", "unix:"],
    "HTTP_ACCEPT_LANGUAGE": ["de,en;q=0.5", "*;q=abc", "pl-" * 400, "x" * 9000, "zh-hant-\0;q=1"],
    "HTTP_ACCEPT": ["application/json", "text/html", "*/*;q=x", ";;", "\xff"],
    "HTTP_COOKIE": ["ask=x", "sessionid=x", 'sessionid="abcdefgh\\000\\377"', "csrftoken=x", "=;\0",
                    "messages=x", "sessionid=" + "a" * 5000, 'messages="\\000:x"'],
    "HTTP_IF_MODIFIED_SINCE": ["x", "Sat, 99 Nov 2026 25:61:61 GMT"],
    "HTTP_IF_NONE_MATCH": ['"x"', "*", 'W/"' + "a" * 999], "HTTP_TRANSFER_ENCODING": ["chunked"],
    "HTTP_USER_AGENT": ["Mozilla/5.0", "", "curl", "\xff" * 500], "HTTP_SEC_PURPOSE": ["prefetch"],
    "HTTP_AUTHORIZATION": ["Basic", "Basic x", "Basic /w=="], "HTTP_X_CSRFTOKEN": ["x", "\xff"],
    "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest"], "HTTP_X_HTTP_METHOD_OVERRIDE": ["DELETE"],
    "CONTENT_LENGTH": ["0", "5", "", "9" * 30],  # the front lets no other through
}  # fmt: skip
CONTENT_TYPES = [
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é",
    "application/json", "text/plain", "x", "", ";", "application/x-www-form-urlencoded; charset=x",
    "application/x-www-form-urlencoded; charset=hex", "multipart/form-data; charset=hex",
    "text/plain; charset=hex", "text/plain; charset=idna", "text/plain; charset=undefined",
    "text/plain; charset*=x''y", "text/plain; charset=unicode_escape", "x; charset*0*=x''y",
]  # fmt: skip
CHARSETS = ["", "", "", "; charset=utf-8", "; charset=unicode_escape", "; charset=utf-16"]


@dataclass(frozen=True)
class Asked:
    """One request, as WSGI has it; ``slow_down``: the breaker of card_testing.py has tripped."""

    method: str
    path: bytes
    query: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slow_down: bool = False


client = Client(raise_request_exception=False)


def refuse_5xx(asked: Asked) -> int:
    """Send it, undo what it did, and complain of a 5xx; else its status."""
    cache.clear()  # no 429, which would hide what lies behind it
    client.cookies.clear()
    if asked.slow_down:
        cache.set(card_testing.BREAKER, 1, 60)
    raised: list[BaseException | None] = []

    def remember(**kwargs: Any) -> None:
        raised.append(sys.exc_info()[1])

    got_request_exception.connect(remember)
    status = 500
    try:
        with transaction.atomic():
            status = send(asked)
            transaction.set_rollback(True)
    except Exception as error:  # the request could not even be read, or the answer not be sent
        raised.append(error)
    finally:
        got_request_exception.disconnect(remember)
    if status >= 500:
        complain(asked, status, raised)
    return status


def send(asked: Asked) -> int:
    body = asked.body.replace(
        b"%7Buuid%7D", str(uuid.uuid4()).encode()
    )  # a new press of the button
    body = body.replace(b"{uuid}", str(uuid.uuid4()).encode())
    meta = {
        "PATH_INFO": asked.path.decode("latin-1"),
        "QUERY_STRING": asked.query.decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    } | asked.headers
    meta["CONTENT_TYPE"] = plain_type(meta.get("CONTENT_TYPE", ""))  # as the front does
    response = client.generic(asked.method, "/", **meta)
    if response.streaming:
        b"".join(response.streaming_content)
    return int(response.status_code)


def complain(asked: Asked, status: int, raised: list[BaseException | None]) -> None:
    pytest.fail(f"{status} to {asked}\n" + "\n".join(map(last_lines, raised)), pytrace=False)


def last_lines(error: BaseException | None) -> str:
    lines = traceback.format_exception(error)
    return f"{type(error).__name__}: " + "".join(lines[-3:])


@dataclass(frozen=True)
class Address:
    """One URL pattern: “support/manage/%(token)s/”, its groups, its name."""

    shape: str
    groups: tuple[str, ...]
    name: str


def addresses(patterns: Any = None, before: str = "") -> Iterator[Address]:
    """Every pattern of the site, except for the admin's, which asks for a login first."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        regex = before + one.pattern.regex.pattern.removeprefix("^")
        if isinstance(one, URLResolver) and regex != "admin/":
            yield from addresses(one.url_patterns, regex)
        elif regex != "admin/":
            for shape, groups in normalize(regex):
                yield Address(shape, tuple(groups), one.name or "")


@dataclass
class World:
    """A newsroom where everything exists that an address can name: group of a pattern -> values,
    “name of the pattern:group” first."""

    valid: dict[str, list[str]]
    fields: dict[str, list[str]]
    query: dict[str, list[str]]
    batch: str

    def fitting(self, address: Address, group: str) -> list[str]:
        return self.valid.get(f"{address.name}:{group}") or self.valid.get(group) or ["1"]


def make_donors(stripe_sandbox: str) -> None:
    """One who gives, has given once and has ended something; and one who is about to be erased."""
    donor = Donor(Client(), stripe_sandbox)
    donor.gives("own@example.org", frequency="annual")
    handle(events(stripe_sandbox))
    ended = giving.RecurringContribution.objects.get().stripe_subscription
    gateway.end_subscription(ended, "end")
    sync.pull_subscription(ended)
    donor.gives("own@example.org", frequency="monthly")
    donor.gives("own@example.org", frequency="once", currency="jpy", amount="1000")
    donor.gives("gone@example.org", frequency="annual")
    handle(events(stripe_sandbox))


def make_world(stripe_sandbox: str, site: Any) -> World:
    requests.post(f"{stripe_sandbox}/start-over", timeout=10)
    appeal = make_appeal()
    make_donors(stripe_sandbox)
    country = giving.Country.objects.create(code="XX", name="Xanadu", warning="Prison.")
    appeal.closed_in.add(country)
    articles = [make_article(site.section) for _ in range(14)]
    subscription = make_subscription(site.newsletter, "reader@example.org")
    pending = make_subscription(site.newsletter, status=Subscription.Status.PENDING)
    issue = make_issue(site.newsletter, articles[:2])
    mailing = make_frozen(issue)
    locked = site.home.add_child(instance=TextPage(title="Locked", slug="locked", body="x"))
    PageViewRestriction.objects.create(
        page=locked, restriction_type="password", password="let me in"
    )
    chest = Collection.get_first_root_node().add_child(name="Chest")
    CollectionViewRestriction.objects.create(
        collection=chest, restriction_type="password", password="let me in"
    )
    documents = [
        Attachment.objects.create(title="x", file=ContentFile(b"x", name="x.txt"), collection=kept)
        for kept in (chest, Collection.get_first_root_node())
    ]
    owner = giving.Donor.objects.get(contributions__currency="jpy")
    deferral = make_deferral("later@example.org")
    contribution = giving.Contribution.objects.filter(donor=owner).latest("pk")
    recurring = giving.RecurringContribution.objects.filter(donor=owner).order_by("ended_at")
    pages = [page.url.lstrip("/") for page in Page.objects.live() if page.url]
    challenge = proof_of_work.challenge().text
    solved = next(str(n) for n in range(10**9) if proof_of_work.solves(challenge, str(n)))
    links, forever, for_now = (
        [str(x.pk) for x in mailing.links.all()],
        tokens.permanent,
        tokens.expiring,
    )
    return World(
        valid={
            "confirm:token": [signup.confirm_token(pending)],
            "preferences:token": [forever("preferences", subscription.subscriber_id)],
            "unsubscribe:token": [forever("unsubscribe", subscription.pk)],
            **{
                f"{name}:token": [reminders.token_of(deferral)]
                for name in ("confirm_reminder", "postpone_reminder", "cancel_reminder", "give_now")
            },
            "message:token": [for_now("message", contribution.pk)],
            "update_payment:token": [for_now("update payment", one.pk) for one in recurring],
            "erase:token": [for_now("manage", giving.Donor.objects.exclude(pk=owner.pk).get().pk)],
            "token": [for_now("manage", owner.pk)], "go:pk": links, "go_variant:pk": links,
            "receipt:pk": [str(one.pk) for one in giving.Receipt.objects.all()],
            "pk": [str(articles[0].pk)], "year": [str(timezone.now().year)], "slug": ["weekly"],
            "name": [*COMPLAINTS, "amazon_ses"], "path": [documents[1].file.name, "documents"],
            "wagtaildocs_serve:_0": [str(one.pk) for one in documents],
            "wagtaildocs_serve:_1": ["x.txt"],
            "wagtail_serve:_0": pages,
        },
        fields=FIELDS | {
            "appeal": [str(appeal.pk), ""], "recurring": [str(one.pk) for one in recurring],
            "stamp": [form_stamp()], "challenge": [challenge], "work": [solved, "1"], "card": [""],
            "reminder": [for_now("reminder", deferral.pk), ""],
        },
        query=QUERY | {"session": [*giving.Checkout.objects.values_list("session_id", flat=True)]},
        batch=str(Batch.objects.filter(mailing=mailing).latest("pk").pk),
    )  # fmt: skip


@st.composite
def mostly(draw: Any, usual: list[str], unusual: Any = hostile) -> bytes:
    return draw(unusual) if draw(st.integers(0, 5)) == 5 else draw(st.sampled_from(usual)).encode()


@st.composite
def paths(draw: Any, world: World, address: Address) -> bytes:
    everything = [value for values in world.valid.values() for value in values]
    cut_off = st.sampled_from(everything).map(lambda value: value[:-2].encode())
    other = hostile | cut_off | st.sampled_from(everything).map(str.encode)
    groups = {g.encode(): draw(mostly(world.fitting(address, g), other)) for g in address.groups}
    path = b"/" + address.shape.encode() % groups
    spoiled = draw(st.integers(0, 19))
    if spoiled == 19:
        return path + draw(hostile)
    return b"/" + draw(hostile) + path if spoiled == 18 else path


@st.composite
def queries(draw: Any, world: World) -> bytes:
    if draw(st.integers(0, 9)) == 9:
        return draw(hostile)
    names = draw(st.lists(st.sampled_from(sorted(world.query)), max_size=4))
    values = [(name, draw(mostly(world.query[name]))) for name in names]
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in values).encode()


@st.composite
def bodies(draw: Any, world: World, address: Address) -> tuple[bytes, str]:
    """A body and its content type: mostly a form with what its view needs."""
    kind = draw(st.integers(0, 9))
    if kind == 9:
        return draw(hostile), draw(st.sampled_from(CONTENT_TYPES))
    names = {
        *FORMS.get(address.name, "").split(),
        *draw(st.sets(st.sampled_from(sorted(world.fields)), max_size=4)),
    }
    names -= set(draw(st.sampled_from([[], [], [], *([name] for name in sorted(names))])))
    form = {name: draw(st.sampled_from(world.fields[name])).encode() for name in sorted(names)}
    if form and draw(st.booleans()):
        form[draw(st.sampled_from(sorted(form)))] = draw(hostile)
    charset = draw(st.sampled_from(CHARSETS))
    if kind == 8:
        return encode_multipart("limit", form), f"multipart/form-data; boundary=limit{charset}"
    if kind == 7:
        text = {name: value.decode(errors="replace") for name, value in form.items()}
        return json.dumps(text).encode(), "application/json"
    encoded = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in form.items())
    return encoded.encode(), f"application/x-www-form-urlencoded{charset if kind == 6 else ''}"


@st.composite
def any_request(draw: Any, world: World, found: list[Address]) -> Asked:
    address = draw(st.sampled_from(found))
    method = draw(st.sampled_from(METHODS))
    body, kind = draw(bodies(world, address)) if method not in ("GET", "HEAD") else (b"", "")
    names = draw(st.sets(st.sampled_from(sorted(HEADERS)), max_size=3))
    headers = {name: draw(st.sampled_from(HEADERS[name])) for name in sorted(names)}
    path, query = draw(paths(world, address)), draw(queries(world))
    slow_down = draw(st.integers(0, 9)) == 9
    return Asked(method, path, query, {"CONTENT_TYPE": kind} | headers, body, slow_down)


def many(most: int) -> Any:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=most, deadline=None, database=None, suppress_health_check=slow)
