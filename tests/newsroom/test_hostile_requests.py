"""No public request causes a 5xx: every address of the site, with whatever a stranger may send.

Most values are valid, so that requests get deep into the views; a few are not. A longer hunt:
``REQUESTS=10000 pytest tests/newsroom/test_hostile_requests.py``.
"""

import copy
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test.client import encode_multipart
from hypothesis import given
from hypothesis import strategies as st
from svix.webhooks import Webhook

from donations import models as giving
from newsroom.core import tokens
from tests.donations.conftest import signed
from tests.factories import make_subscription
from tests.newsroom.hostile import (
    FORMS,
    MAIL,
    PAGES,
    STRIPE,
    Asked,
    World,
    addresses,
    any_request,
    make_world,
    many,
    refuse_5xx,
)
from tests.newsroom.mail.test_webhooks import BASIC, COMPLAINTS, SECRETS, mailgun_signature

pytestmark = pytest.mark.costly


@pytest.fixture
def world(stripe_sandbox: str, mail_sandbox: str, site: Any) -> World:
    return make_world(stripe_sandbox, site)


@pytest.mark.usefixtures("indexed")
def test_no_request_to_any_address_causes_a_5xx(world: World) -> None:
    found = list(addresses())
    assert len(found) > 30
    found += [one for one in found if one.name in FORMS] * 3  # where most can go wrong

    @many(PAGES)
    @given(any_request(world, found))
    def check(asked: Asked) -> None:
        refuse_5xx(asked)

    check()


ODD: list[Any] = [
    *("", "\0", "\ud800", "a\0@b.org", "a" * 300, "é@ü", "{", "[1]", None, True, 1.5, 1e300),
    *(0, -1, 2**31, 2**63, 10**30, 10**400, [], {}, [[]], ["x"], {"id": {}}, float("nan")),
]  # fmt: skip
json_values = st.recursive(
    st.sampled_from(ODD) | st.text(st.characters(), max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
BATCH = {"batch": "BATCH"}  # metadata of ours, as each provider gives it back
MORE: dict[str, list[Any]] = {
    "event": ["failed", "bounce", "hard_bounce"], "type": ["bounce", "email.bounced"],
    "severity": ["permanent"], "reason": ["bounce"], "RecordType": ["Bounce"],
    "Type": ["HardBounce"],
    "user-variables": [BATCH], "rcpt_meta": [BATCH], "Metadata": [BATCH], "bounce_class": ["10"],
    "X-Mailin-custom": [json.dumps(BATCH)], "Payload": [json.dumps(BATCH)], "hard_bounce": [True],
    "headers": [[{"name": "X-Metadata", "value": json.dumps(BATCH)}]], "error": ["user unknown"],
    "delivery-status": [{"code": 550, "message": "x"}], "bounce": [{"message": "x"}],
}  # fmt: skip


@st.composite
def bent(draw: Any, sound: Any) -> Any:
    """An event with a few of its values replaced by others, and some added, at any depth."""
    event = copy.deepcopy(sound)
    for _ in range(draw(st.integers(0, 3))):
        here = event
        while isinstance(here, dict | list) and here:
            if isinstance(here, dict):
                more = draw(st.sets(st.sampled_from(sorted(MORE)), max_size=4))
                here |= {k: copy.deepcopy(draw(st.sampled_from(MORE[k]))) for k in sorted(more)}
            keys: Any = sorted(here) if isinstance(here, dict) else range(len(here))
            key = draw(st.sampled_from(keys))
            if draw(st.integers(0, 2)) == 2:
                here[key] = copy.deepcopy(draw(json_values))
            here = here[key]
    return event


def bodies_of(sound: list[Any]) -> Any:
    """Mostly an event with something odd in it; else any JSON, or none."""
    event = st.sampled_from(sound).flatmap(bent)
    nested = st.sampled_from(["[" * 100_000, '{"a":' * 50_000, "", "nul", "\ufeff{}", "1" * 5000])
    return event.map(json.dumps) | event.map(json.dumps) | json_values.map(json.dumps) | nested


STRIPE_EVENT = {
    "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1_790_000_000,
    "data": {"object": {"id": "pi_1", "object": "payment_intent"}, "previous_attributes": {}},
    "api_version": "2026-01-01", "livemode": False, "account": None, "context": "x",
    "request": {"id": None, "idempotency_key": None}, "pending_webhooks": 1,
}  # fmt: skip


def stripe_said(body: str) -> dict[str, str]:
    return {"HTTP_STRIPE_SIGNATURE": signed(body)["Stripe-Signature"]}


@pytest.mark.usefixtures("db")
def test_nothing_that_stripe_signed_causes_a_5xx() -> None:
    @many(STRIPE)
    @given(bodies_of([STRIPE_EVENT, STRIPE_EVENT | {"object": "v2.core.event"}]))
    def check(body: str) -> None:
        said = {"CONTENT_TYPE": "application/json"} | stripe_said(body)
        refuse_5xx(Asked("POST", b"/webhooks/stripe/", headers=said, body=body.encode()))

    check()


def as_said_by(name: str, body: str) -> tuple[dict[str, str], str]:
    """What proves that this provider says it, and the body, where Mailgun's signature stands."""
    headers = {"HTTP_AUTHORIZATION": BASIC["authorization"]}
    if name == "resend":
        at = datetime.now(UTC)
        headers["HTTP_SVIX_ID"], headers["HTTP_SVIX_TIMESTAMP"] = "x", str(int(at.timestamp()))
        signature = Webhook(SECRETS["RESEND_SIGNING_SECRET"]).sign("x", at, body)
        headers["HTTP_SVIX_SIGNATURE"] = signature
    if name == "mailgun" and body.startswith("{") and body.endswith("}"):
        signature = json.dumps(mailgun_signature(secrets.token_hex(25)))
        body = f'{{"signature": {signature}, {body[1:]}'.replace(", }", "}")
    return headers, body


@pytest.mark.parametrize("name", COMPLAINTS)
def test_nothing_that_the_mail_provider_signed_causes_a_5xx(
    world: World, settings: Any, name: str
) -> None:
    settings.ANYMAIL, settings.MAIL_PROVIDER = settings.ANYMAIL | SECRETS, name
    path = f"/webhooks/anymail/{name}/tracking/".encode()

    @many(MAIL // len(COMPLAINTS))
    @given(bodies_of([COMPLAINTS[name]]))
    def check(body: str) -> None:
        headers, body = as_said_by(name, body.replace("BATCH", world.batch))
        headers["CONTENT_TYPE"] = "application/json"
        refuse_5xx(Asked("POST", path, headers=headers, body=body.encode()))

    check()


def post(path: bytes, body: bytes = b"", **headers: str) -> Asked:
    kind = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    return Asked("POST", path, headers=kind | headers, body=body)


def get(path: bytes, query: bytes = b"", **headers: str) -> Asked:
    return Asked("GET", path, query, headers)


LONG, NUMBER = b"a" * 300, b"99999999999999999999"
MULTIPART = "multipart/form-data; boundary=x"
BOUNCE = {"event": "bounced", "recipient": "a@b.org", "Message-Id": "m", "code": "550"}
KNOWN = [
    (post(b"/support/remind-me/", b"when=week", HTTP_ORIGIN="http://[::1"), 403),
    (post(b"/support/remind-me/", b"when=week", HTTP_REFERER="http://[::1"), 200),
    (post(b"/support/remind-me/", b"when=week&back=/a%0d%0ab:c"), 200),
    (get(b"/newsletter/go/1/" + NUMBER + b"/", HTTP_USER_AGENT="Mozilla/5.0"), 404),
    (get(b"/media/" + LONG), 404),
    (get(b"/media/\0"), 404),
    (get(b"/\0/"), 404),
    (get(b"//[::1/"), 404),
    (get(b"/", HTTP_HOST="other.example"), 400),
    (get(b"/", HTTP_HOST="a b"), 400),
    (get(b"/static/" + LONG + b"/"), 404),
    (get(b"/documents/" + NUMBER + b"/x/"), 404),
    (get(b"/documents/" + b"9" * 5000 + b"/x/"), 404),
    (get(b"/search/", b"q=%00"), 200),
    (get(b"/search/", b"page=" + NUMBER), 200),
    (get(b"/support/", b"country=%00%00"), 200),
    (post(b"/read/99999999999999999999/"), 204),
    (post(b"/newsletter/preferences/TOKEN/", b"newsletter=%00&leave="), 400),
    (post(b"/support/manage/TOKEN/", b"recurring=" + b"9" * 5000), 302),
    (get(b"/", HTTP_COOKIE='sessionid="abcdefgh\\000"'), 200),
    (get(b"/", b"q=1", CONTENT_TYPE="text/plain; charset=hex"), 200),
    (get(b"/", CONTENT_TYPE="text/plain; charset*=x''y"), 200),
    (
        post(
            b"/webhooks/anymail/mailgun/tracking/",  # as Mailgun's older events come
            encode_multipart("x", BOUNCE | mailgun_signature("v" * 50)),
            CONTENT_TYPE=MULTIPART,
            HTTP_AUTHORIZATION=BASIC["authorization"],
        ),
        400,
    ),
    (post(b"/webhooks/stripe/", b"[" * 100_000), 400),
]


@pytest.mark.parametrize(("asked", "status"), KNOWN)
def test_known_hostile_request_gets_its_answer(
    asked: Asked, status: int, site: Any, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    asked = replace(asked, headers=asked.headers | stripe_said(asked.body.decode()))
    if b"preferences" in asked.path:
        reader = make_subscription(site.newsletter).subscriber
        token = tokens.permanent("preferences", reader.pk)
    else:
        token = tokens.expiring("manage", giving.Donor.objects.create(email="a@b.org").pk)
    path = asked.path.replace(b"TOKEN", token.encode())
    assert refuse_5xx(replace(asked, path=path)) == status
