"""Donors at the sandbox's hosted page, and the events it would send."""

import re
import uuid
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import requests
import stripe
from django.conf import settings
from django.test import Client

from donations.giving.links import manage_url
from donations.models import ReviewRules, StripeEvent
from donations.payments.events import EVENTS, process
from donations.sandbox.objects import Card
from tests.factories import make_appeal, make_user

API = {"Authorization": "Bearer sk_test_x"}
LOOKS_ON = {"Authorization": "Bearer sk_test_looks_on"}


@pytest.fixture
def appeal(site: Any) -> Any:
    return make_appeal()


class Donor:
    """Fills in our form, then Stripe's page."""

    def __init__(self, client: Any, url: str) -> None:
        self.client, self.url = client, url

    def continues(self, **form: Any) -> Any:
        form = {"frequency": "monthly", "amount": "10", "currency": "usd"} | form
        return self.client.post("/support/checkout/", form)

    def pays(self, page: str, email: str, card: str = Card.VISA, **more: str) -> requests.Response:
        """Press the button on Stripe's page; where that leads is not followed."""
        data = {"email": email, "name": "Ann Donor", "card": card, **more}
        return requests.post(page, data=data, allow_redirects=False, timeout=10)

    def gives(self, email: str, card: str = Card.VISA, **form: Any) -> Any:
        """The whole way to our thanks page; its answer."""
        page = self.continues(**form)["Location"]
        back = self.pays(page, email, card, bank="approve")  # should the bank ask
        path = back.headers["Location"].removeprefix(settings.BASE_URL)
        return self.client.get(path)

    def advance(self, days: int) -> None:
        requests.post(f"{self.url}/advance", data={"days": days}, timeout=60)


@pytest.fixture
def empty_stripe(stripe_sandbox: str) -> str:
    """The running sandbox, with nothing of the test before in it."""
    requests.post(f"{stripe_sandbox}/start-over", timeout=10)
    return stripe_sandbox


@pytest.fixture
def donor(client: Any, empty_stripe: str, mail_sandbox: str, appeal: Any) -> Donor:
    return Donor(client, empty_stripe)


def all_of(url: str, kind: str, **query: str) -> list[dict[str, Any]]:
    """Every object of a list of the sandbox's API, newest first."""
    found: list[dict[str, Any]] = []
    while True:
        page = {"limit": "100"} | ({"starting_after": found[-1]["id"]} if found else {})
        answer = requests.get(
            f"{url}/v1/{kind}", params=query | page, headers=LOOKS_ON, timeout=10
        ).json()
        found += answer["data"]
        if not answer["has_more"]:
            return found


def events(url: str) -> list[dict[str, Any]]:
    """Everything the sandbox has to tell, oldest first."""
    return all_of(url, "events")[::-1]


def signed(payload: str, secret: str = "", **options: Any) -> dict[str, str]:
    secret = secret or settings.STRIPE_WEBHOOK_SECRETS[-1]
    header = stripe.WebhookSignature.generate_signature_header(payload, secret, **options)
    return {"Stripe-Signature": header}


def handle(found: list[dict[str, Any]], again: bool = False) -> None:
    """Let the app process events, in the order given.

    Several of Stripe's events hint at one object: each hint once, and none that was processed
    before, as pulling twice changes nothing; ``again``: every one of them, to see that.
    """
    first: dict[Any, StripeEvent] = {}
    for event in found:
        row, _ = StripeEvent.objects.get_or_create(
            id=event["id"],
            defaults={
                "type": event["type"],
                "object_id": event["data"]["object"]["id"],
                "created_at": datetime.fromtimestamp(event["created"], UTC),
            },
        )
        hint = (EVENTS.get(row.type, (None, ""))[0], row.object_id)
        if again or not (row.handled_at or hint in first):
            process(row)
            first[hint] = row
        elif hint in first:  # handled when the first is
            StripeEvent.objects.filter(pk=row.pk, handled_at=None).update(
                handled_at=StripeEvent.objects.filter(pk=first[hint].pk).values("handled_at")
            )


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


def page_of(client: Any, recurring: Any) -> Any:
    """A function that opens a donor's page, or presses a button of it, and confirms if asked."""
    url = manage_url(recurring.donor).removeprefix(settings.BASE_URL)

    def press(do: str = "", **fields: str) -> Any:
        if not do:
            return client.get(url)
        form = {"recurring": recurring.pk, "do": do, "form_id": str(uuid.uuid4())} | fields
        answer = client.post(url, form)
        if "confirmed" in hidden(answer):
            answer = client.post(url, hidden(answer))
        recurring.refresh_from_db()
        return answer

    return press


def give_back(client: Any, contribution: Any, amount: str, reason: str = "x") -> Any:
    """As finance does: how much and why, then “Give back”. The page where that led, or the first
    that says no."""
    path = f"/admin/contributions/refund/{contribution.pk}/"
    asked = {"form_id": str(uuid.uuid4()), "amount": amount, "reason": reason}
    page = client.post(path, asked, follow=True)
    if "confirmed" not in hidden(page):
        return page
    return client.post(path, hidden(page), follow=True)


def two_people_above(dollars: int) -> None:
    """As a finance lead sets it."""
    rules = ReviewRules.load()
    rules.two_people_above = dollars
    rules.save()


@pytest.fixture
def told(empty_stripe: str) -> Any:
    """A function that gives the events since the test began."""
    return lambda: events(empty_stripe)


@pytest.fixture
def finance_page(donor):
    """What finance sees of a contribution."""
    staff = Client()
    staff.force_login(make_user("Finance"))
    return lambda contribution: staff.get(f"/admin/contributions/inspect/{contribution.pk}/").text


@pytest.fixture
def stripe_does(empty_stripe, told):
    """A button of the sandbox's dashboard, and the events that follow."""

    def press(button: str, **form: object) -> None:
        requests.post(f"{empty_stripe}/{button}", data=form, timeout=10)
        handle(told())

    return press


@pytest.fixture
def finance():
    staff = Client()
    staff.force_login(make_user("Finance"))
    return staff
