"""Stripe's Products: there when they are needed, named as editors say."""

from typing import Any

import pytest
import requests
import stripe

from donations.models import GivingWords, Lease
from donations.payments import gateway, leases, products
from donations.tasks import put_products

pytestmark = pytest.mark.django_db


def descriptor(frequency: str = "monthly") -> str:
    pk, _ = gateway.PRODUCTS[frequency]
    return gateway.client().v1.products.retrieve(pk).statement_descriptor or ""


def test_descriptor_is_the_editors_whatever_it_was_before(
    empty_stripe: str, committing: Any
) -> None:
    words = GivingWords.load()
    for said in ("READING", "NEWS 24", "READING", ""):
        words.statement_descriptor = said
        with committing():
            words.save()
        assert [descriptor(frequency) for frequency in gateway.PRODUCTS] == [said] * 3


def test_descriptor_that_stripe_did_not_hear_of_is_told_later(
    empty_stripe: str, committing: Any
) -> None:
    put_products()
    words = GivingWords.load()
    words.statement_descriptor = "READING"
    away = {"mode": "error-before", "times": "9", "path": "/v1/products"}
    requests.post(f"{empty_stripe}/faults", data=away, timeout=10)
    with pytest.raises(gateway.Unavailable), committing():
        words.save()
    requests.post(f"{empty_stripe}/faults", data=away | {"times": "0"}, timeout=10)
    assert descriptor() == ""
    put_products()  # the hourly job
    assert descriptor() == "READING"


def test_setting_that_changes_meanwhile_is_told_from_then_on(db: Any, monkeypatch: Any) -> None:
    told: list[str] = []

    def put(frequency: str, said: str) -> None:
        told.append(said)
        GivingWords.objects.update(statement_descriptor="NEW")

    GivingWords.objects.create(statement_descriptor="OLD")
    monkeypatch.setattr(gateway, "put_product", put)
    products.put_all()
    assert told == ["OLD", "NEW", "NEW"]


def test_who_was_too_slow_tells_no_further_product(db: Any, monkeypatch: Any) -> None:
    told: list[str] = []

    def slowly(frequency: str, said: str) -> None:
        told.append(frequency)
        Lease.objects.all().delete()
        leases._take("products")

    monkeypatch.setattr(gateway, "put_product", slowly)
    with pytest.raises(leases.Busy):
        products.put_all()
    assert len(told) == 1


def test_new_account_gets_its_products_with_the_first_press(donor: Any) -> None:
    requests.post(f"{donor.url}/start-over", data={"new": "1"}, timeout=10)
    GivingWords.objects.create(statement_descriptor="READING")
    with pytest.raises(stripe.InvalidRequestError):
        descriptor()
    assert donor.continues(frequency="monthly").status_code == 303
    assert descriptor() == descriptor("once") == "READING"
