"""The JSON address for apps."""

import json

import pytest

from newsroom.mail import asked
from newsroom.models import Asked
from newsroom.web import proof_of_work
from subscriptions.models import Consent, Subscription
from tests.factories import make_subscription

URL = "/newsletter/api/signup/"
SAID = {"email": "ann@example.org", "newsletters": ["weekly"], "consent": True}
ELSEWHERE = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}

pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")


@pytest.fixture
def says(client, committing):
    def post(said, kind: str = "application/json"):
        body = said if isinstance(said, str | bytes) else json.dumps(said)
        with committing():
            return client.post(URL, body, content_type=kind, headers=ELSEWHERE)

    return post


def test_app_signs_up_and_hears_the_same_of_every_address(says, site, inbox) -> None:
    make_subscription(site.newsletter, "known@example.org")
    known = says(SAID | {"email": "known@example.org"})
    new = says(SAID | {"language": "de"})
    assert known.status_code == new.status_code == 202 and known.content == new.content
    assert new["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in new and not new.cookies
    assert inbox.to("ann@example.org")[0]["subject"].startswith("Bitte bestätigen")
    made = Subscription.objects.get(subscriber__language="de")
    assert (made.source, made.status) == ("app", "pending")
    assert Consent.objects.filter(how="app", action="asked").count() == 2


def test_known_readers_language_is_not_a_strangers_to_choose(says, site) -> None:
    make_subscription(site.newsletter, "known@example.org")
    says(SAID | {"email": "known@example.org", "language": "ru"})
    assert Subscription.objects.get().subscriber.language == ""


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (SAID | {"consent": "true"}, 422), ("{", 400),
        (SAID | {"email": ["x"]}, 400), ("[" * 9000, 400), (SAID | {"email": "\ud800@x.org"}, 422),
        (b"\xff", 400), ("7", 400),
        (SAID | {"newsletters": "weekly"}, 400), (SAID | {"language": "xx"}, 422),
    ],
)  # fmt: skip
def test_what_is_no_sign_up_is_refused(says, said, status) -> None:
    assert says(said).status_code == status
    assert not Asked.objects.exists()


def test_app_is_asked_once_about_an_address_that_looks_mistyped(says, site) -> None:
    typed = "ann@gmaul.com"
    asked = says(SAID | {"email": typed})
    assert asked.status_code == 422
    assert asked.json()["question"] == {"typed": typed, "better": "ann@gmail.com"}
    assert says(SAID | {"email": typed, "sure": typed}).status_code == 202
    assert says(SAID | {"email": typed, "sure": 7}).status_code == 400


def test_form_of_another_site_and_a_get_are_refused(client) -> None:
    assert client.post(URL, SAID, headers=ELSEWHERE).status_code == 415
    assert client.get(URL).status_code == 405
    asks = client.options(URL, headers=ELSEWHERE)
    assert asks.status_code == 204 and asks["Access-Control-Allow-Headers"] == "Content-Type"


def test_app_does_a_sum_when_addresses_come_too_fast(says, monkeypatch) -> None:
    monkeypatch.setattr(asked, "PER_MINUTE", 0)
    monkeypatch.setattr(proof_of_work, "BITS", 4)
    refused = says(SAID)
    assert refused.status_code == 429 and not Subscription.objects.exists()
    text = refused.json()["challenge"]["text"]
    nonce = next(str(n) for n in range(10**6) if proof_of_work.solves(text, str(n)))
    assert says(SAID | {"challenge": text, "work": nonce}).status_code == 202
    assert says(SAID | {"challenge": text, "work": nonce}).status_code == 429
