"""What Stripe can hold that we would not make: said as it is, or put before finance."""

import re
from typing import Any
from uuid import uuid4

import pytest
import requests

from donations.giving.links import manage_url
from donations.models import Contribution, Receipt, RecurringContribution, Review, StripeEvent
from donations.payments import gateway
from donations.payments.mirror.recurring import is_plain, mirror_subscription
from donations.sandbox.objects import Card
from newsroom.models import TransactionalMail
from tests.donations.conftest import API, all_of, handle, hidden


class Account:
    """Somebody at Stripe's dashboard: what we don't do, by the API."""

    def __init__(self, donor: Any, told: Any) -> None:
        self.donor, self.told = donor, told

    def post(self, path: str, **params: str) -> Any:
        answer = requests.post(f"{self.donor.url}/v1/{path}", data=params, headers=API, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def turns(self, **params: str) -> RecurringContribution:
        """Change the one subscription there is; our row of it, once we heard."""
        [found] = all_of(self.donor.url, "subscriptions")
        item = found["items"]["data"][0]["id"]
        params = {name: value.replace("ITEM", item) for name, value in params.items()}
        self.post(f"subscriptions/{found['id']}", **params, proration_behavior="none")
        return self.hears()

    def hears(self) -> RecurringContribution:
        handle(self.told())
        return RecurringContribution.objects.get()

    def a_month_on(self) -> Contribution:
        self.donor.advance(32)
        self.hears()
        return Contribution.objects.order_by("pk").last()

    def price(self, **recurring: str) -> dict[str, str]:
        return {
            "items[0][id]": "ITEM",
            "items[0][price_data][currency]": "usd",
            "items[0][price_data][product]": "contribution_monthly",
            "items[0][price_data][recurring][interval]": "month",
        } | {f"items[0][price_data]{name}": value for name, value in recurring.items()}


@pytest.fixture
def account(donor, told) -> Account:
    donor.gives("made@example.org")  # $10 monthly
    made = Account(donor, told)
    made.hears()
    return made


def coupon(account: Account, **params: str) -> dict[str, str]:
    return {"discounts[0][coupon]": account.post("coupons", **params)["id"]}


def tax(account: Account, inclusive: str = "false") -> dict[str, str]:
    made = account.post("tax_rates", display_name="VAT", inclusive=inclusive, percentage="19")
    return {"default_tax_rates[0]": made["id"]}


SECOND = {
    "items[0][price_data][currency]": "usd",
    "items[0][price_data][product]": "contribution_monthly",
    "items[0][price_data][recurring][interval]": "month",
    "items[0][price_data][unit_amount]": "250",
}
KINDS = [
    (lambda a: {"items[0][id]": "ITEM", "items[0][quantity]": "3"}, 3000),
    (lambda a: SECOND, 1250),
    (lambda a: a.price(**{"[unit_amount_decimal]": "12.5"}) | {"items[0][quantity]": "25"}, 313),
    (lambda a: coupon(a, duration="forever", percent_off="25"), 750),
    (lambda a: coupon(a, duration="forever", amount_off="400", currency="usd"), 600),
    (tax, 1190),
    (lambda a: tax(a, inclusive="true"), 1000),
    (lambda a: tax(a) | coupon(a, duration="forever", percent_off="50"), 595),
]


@pytest.mark.parametrize(("made", "amount"), KINDS)
def test_amount_is_what_the_next_payment_takes(account, made: Any, amount: int) -> None:
    recurring = account.turns(**made(account))
    assert (recurring.amount, recurring.frequency, recurring.changeable) == (
        amount, "monthly", False,
    )  # fmt: skip
    paid = account.a_month_on()
    assert (paid.amount, paid.status) == (amount, "succeeded")
    assert Receipt.objects.count() == 2
    assert not Review.objects.exists()


def test_discount_lasts_as_long_as_it_lasts(account) -> None:
    assert account.turns(**coupon(account, duration="once", percent_off="40")).amount == 600
    assert account.a_month_on().amount == 600
    recurring = RecurringContribution.objects.get()
    assert (recurring.amount, recurring.changeable) == (1000, True)
    assert account.a_month_on().amount == 1000


@pytest.mark.parametrize(
    ("interval", "count", "frequency"),
    [("week", "1", "other"), ("month", "3", "other"), ("month", "12", "annual"),
     ("year", "2", "other"), ("day", "10", "other")],
)  # fmt: skip
def test_another_rhythm_is_not_called_monthly(
    account, site, interval: str, count: str, frequency: str
) -> None:
    price = account.price(**{"[unit_amount]": "700"}) | {
        "items[0][price_data][recurring][interval]": interval,
        "items[0][price_data][recurring][interval_count]": count,
        "trial_end": str(RecurringContribution.objects.get().renews_at.timestamp()).split(".")[0],
    }
    recurring = account.turns(**price)
    assert (recurring.frequency, recurring.amount) == (frequency, 700)
    page = account.donor.client.get(manage_url(recurring.donor)).text
    assert ("$7 regularly" in page) == (frequency == "other")
    assert account.a_month_on().frequency == frequency


def test_invoice_over_nothing_is_nothing_given(account) -> None:
    mails = TransactionalMail.objects.count()
    assert account.turns(**coupon(account, duration="once", percent_off="100")).amount == 0
    account.a_month_on()
    assert Contribution.objects.count() == Receipt.objects.count() == 1
    assert TransactionalMail.objects.count() == mails
    assert RecurringContribution.objects.get().status == "active"
    assert not Review.objects.exists()
    assert account.a_month_on().amount == 1000


def test_invoice_below_nothing_takes_nothing_and_stops_nothing(account) -> None:
    """As after fewer are ordered in the middle of a month, and the rest is credited."""
    credit = SECOND | {"items[0][price_data][unit_amount]": "-2500"}
    recurring = account.turns(**credit)
    assert (recurring.amount, recurring.changeable) == (0, False)
    assert account.a_month_on().amount == 1000  # the first one, which there was
    assert Contribution.objects.count() == 1
    assert not StripeEvent.objects.filter(handled_at=None).exists()
    assert not Review.objects.exists()


def test_money_that_came_outside_of_stripe_is_put_before_finance(donor, told) -> None:
    donor.gives("cash@example.org", Card.FAILS_LATER)
    account = Account(donor, told)
    account.a_month_on()
    [unpaid] = [one for one in all_of(donor.url, "invoices") if one["status"] == "open"]
    account.post(f"invoices/{unpaid['id']}/pay", paid_out_of_band="true")
    for _ in range(2):
        recurring = account.hears()
    review = Review.objects.get()
    assert review.kind == "off_stripe" and "$10 were paid outside of Stripe" in review.why
    assert recurring.status == "active"
    assert sorted(Contribution.objects.values_list("status", flat=True)) == ["failed", "succeeded"]
    assert Receipt.objects.count() == 1


def test_what_is_not_made_as_ours_is_not_changed_on_the_donors_page(account, site) -> None:
    recurring = account.turns(**{"items[0][id]": "ITEM", "items[0][quantity]": "3"})
    client, page = account.donor.client, manage_url(recurring.donor)
    assert "Give another amount" not in client.get(page).text
    assert "Another day of the month" not in client.get(page).text
    for do in ("amount", "frequency", "day"):
        form = {"do": do, "amount": "20", "frequency": "annual", "day": "3"}
        answer = client.post(page, form | {"recurring": recurring.pk, "form_id": str(uuid4())})
        assert answer.status_code == 400 and "be changed here" in answer.text
    form = {"do": "cancel", "recurring": recurring.pk, "form_id": str(uuid4())}
    assert client.post(page, form).status_code == 200
    assert RecurringContribution.objects.get().cancels_at
    assert RecurringContribution.objects.get().amount == 3000  # though no invoice will come


@pytest.mark.parametrize(
    ("name", "value"),
    [("collection_method", "send_invoice"), ("schedule", "sub_sched_x")],
)
def test_what_is_billed_by_mail_or_has_a_schedule_is_not_made_as_ours(
    account, name: str, value: str
) -> None:
    """Nothing is charged by itself; Stripe's next phase would undo what the donor sets."""
    found = gateway.subscription(RecurringContribution.objects.get().stripe_subscription)
    assert is_plain(found)
    setattr(found, name, value)
    assert not is_plain(found)
    assert not mirror_subscription(found, None, 1200).changeable
    assert RecurringContribution.objects.get().amount == 1200  # as Stripe says


def test_what_was_turned_while_the_page_was_open_is_not_multiplied(account, site) -> None:
    page = manage_url(RecurringContribution.objects.get().donor)
    [found] = all_of(account.donor.url, "subscriptions")
    item = {"items[0][id]": found["items"]["data"][0]["id"], "items[0][quantity]": "3"}
    account.post(f"subscriptions/{found['id']}", **item, proration_behavior="none")
    recurring = RecurringContribution.objects.get()  # has not heard
    form = {"do": "amount", "amount": "20", "recurring": recurring.pk, "form_id": str(uuid4())}
    asked = account.donor.client.post(page, form)
    answer = account.donor.client.post(page, hidden(asked))
    assert answer.status_code == 409 and "be changed here" in answer.text
    assert gateway.next_payment(found["id"]) == 3000
    assert re.search("recurring", answer.text)
