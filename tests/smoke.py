"""Does Stripe still do what docs/stripe-assumptions.md says? The same questions to the real one.

    STRIPE_SECRET_KEY=sk_test_… make smoke

Moves no real money: it refuses any key but a test key. Two of the pages it prints have to be paid
by hand. The test suite asks the sandbox the same questions.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import stripe

Pay = Callable[[str], None]  # brings the reader's part of a hosted page to its end


def ask_for_session(key: str = "", **change: Any) -> stripe.checkout.Session:
    from donations.payments import gateway

    asked = {
        "key": key or f"smoke-{uuid4()}", "frequency": "once", "amount": 500, "currency": "usd",
        "success_url": "https://example.org/?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.org/", "metadata": {"checkout": str(uuid4())},
        "language": "en", "expires_at": datetime.now(UTC) + timedelta(hours=1),
    }  # fmt: skip
    made = asked | change
    gateway.put_product(str(made["frequency"]), "")
    return gateway.create_session(**made)


def refused(do: Callable[[], Any]) -> stripe.StripeError:
    try:
        do()
    except stripe.StripeError as error:
        return error
    raise AssertionError("Stripe took what we thought it refuses")


def key_gives_the_first_answer_again(pay: Pay) -> None:
    key, when, about = f"smoke-{uuid4()}", datetime.now(UTC) + timedelta(hours=1), {"checkout": "x"}
    first = ask_for_session(key, expires_at=when, metadata=about)
    assert ask_for_session(key, expires_at=when, metadata=about).id == first.id
    other = refused(lambda: ask_for_session(key, expires_at=when, metadata=about, amount=600))
    assert isinstance(other, stripe.IdempotencyError)


def product_with_a_taken_id_is_refused(pay: Pay) -> None:
    from donations.payments import gateway

    gateway.put_product("once", "")
    taken: Any = {"id": "contribution_once", "name": "again"}
    error = refused(lambda: gateway.client().v1.products.create(params=taken))
    assert error.code == "resource_already_exists"


def session_lasts_half_an_hour_at_least_and_a_day_at_most(pay: Pay) -> None:
    for wrong in (timedelta(minutes=10), timedelta(days=3)):
        refused(lambda wrong=wrong: ask_for_session(expires_at=datetime.now(UTC) + wrong))


def closed_session_stays_closed_and_can_not_be_closed_twice(pay: Pay) -> None:
    from donations.payments import gateway

    session = ask_for_session()
    gateway.expire_session(session.id)
    assert gateway.session(session.id).status == "expired"
    assert isinstance(refused(lambda: gateway.expire_session(session.id)), stripe.StripeError)


def unknown_parameter_is_refused(pay: Pay) -> None:
    from donations.payments import gateway

    unknown: Any = {"name": "x", "colour": "red"}
    error = refused(lambda: gateway.client().v1.products.create(params=unknown))
    assert error.code == "parameter_unknown"


def payment_methods_of_the_account_are_listed(pay: Pay) -> None:
    from donations.payments import gateway

    assert "card" in gateway.enabled_payment_methods()


def webhook_endpoints_of_the_account_are_listed(pay: Pay) -> None:
    from donations.payments import gateway

    for endpoint in gateway.webhook_endpoints():
        assert endpoint.url and endpoint.status in ("enabled", "disabled")
        assert endpoint.enabled_events


def contribution_paid_on_the_hosted_page_is_found_from_its_session(pay: Pay) -> None:
    from donations.payments import gateway, giving_back

    session = ask_for_session()
    pay(session.url or "")
    paid = gateway.session(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    intent = gateway.payment_intent(str(paid.payment_intent))
    charge: Any = intent.latest_charge
    assert intent.status == "succeeded" and charge.paid and charge.payment_method_details.card.last4
    key = f"smoke-{uuid4()}"
    refund = giving_back.give_back(intent.id, 200, key)
    assert giving_back.give_back(intent.id, 200, key).id == refund.id
    again: Any = gateway.payment_intent(intent.id).latest_charge
    assert again.amount_refunded == 200 and not again.refunded


def recurring_contribution_takes_another_amount_and_another_day_without_a_charge(pay: Pay) -> None:
    from donations.payments import gateway

    session = ask_for_session(frequency="monthly")
    pay(session.url or "")
    pk = str(gateway.session(session.id).subscription)
    subscription = gateway.subscription(pk)
    item, invoice = subscription["items"].data[0], subscription.latest_invoice
    price = gateway.price_data("monthly", 700, "usd")
    later = item.current_period_end + 5 * 24 * 3600
    changed = gateway.change_subscription(
        pk,
        f"smoke-{uuid4()}",
        items=[{"id": item.id, "price_data": price}],
        proration_behavior="none",
        trial_end=later,
    )
    item = changed["items"].data[0]
    assert (item.price.unit_amount, item.current_period_end) == (700, later)
    assert changed.status == "trialing"
    newest: Any = gateway.subscription(pk).latest_invoice
    assert newest.amount_due == 0 or newest.id == getattr(invoice, "id", "")
    assert gateway.end_subscription(pk, f"smoke-{uuid4()}").ended_at


QUESTIONS = [
    key_gives_the_first_answer_again,
    product_with_a_taken_id_is_refused,
    session_lasts_half_an_hour_at_least_and_a_day_at_most,
    closed_session_stays_closed_and_can_not_be_closed_twice,
    unknown_parameter_is_refused,
    payment_methods_of_the_account_are_listed,
    webhook_endpoints_of_the_account_are_listed,
    contribution_paid_on_the_hosted_page_is_found_from_its_session,
    recurring_contribution_takes_another_amount_and_another_day_without_a_charge,
]


def by_hand(page: str) -> None:
    input(f"\n  Pay this page with 4242 4242 4242 4242, then press Enter:\n  {page}\n")


def main() -> None:
    if not os.environ.get("STRIPE_SECRET_KEY", "").startswith("sk_test_"):
        sys.exit("Set STRIPE_SECRET_KEY to a test key (sk_test_…) of the account to ask.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    import django

    django.setup()
    failed = 0
    for question in QUESTIONS:
        try:
            question(by_hand)
            answer = "as assumed"
        except (AssertionError, stripe.StripeError) as error:
            failed += 1
            answer = f"NOT as assumed: {error}"
        sys.stdout.write(f"{question.__name__.replace('_', ' ')}: {answer}\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
