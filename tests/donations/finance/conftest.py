import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from donations.models import Checkout, Contribution, Donor
from newsroom.core.privacy import giving_index, instrument_index, network_index
from tests.donations.conftest import handle
from tests.factories import make_user

numbers = iter(range(1_000_000))


@pytest.fixture
def given(site: Any) -> Callable[..., Contribution]:
    """A contribution that arrived, of cents; ``email``, ``name``, ``card``, ``network``."""

    def make(amount: int = 5000, **known: Any) -> Contribution:
        email, name = known.pop("email", "giver@example.org"), known.pop("name", "Ann Giver")
        card, network = known.pop("card", ""), known.pop("network", "")
        index = giving_index(email)
        donor = Donor.objects.filter(email_index=index).first() or Donor.objects.create(
            email=email, email_index=index, name=name
        )
        now = timezone.now()
        checkout = Checkout.objects.create(
            key=uuid.uuid4(), form_id=uuid.uuid4(), frequency="once", amount=amount,
            currency=known.get("currency", "usd"), expires_at=now + timedelta(hours=2),
            network_index=network_index(network) if network else None,
        )  # fmt: skip
        fields: dict[str, Any] = {
            "amount": amount, "currency": "usd", "frequency": "once", "status": "succeeded",
            "created_at": now, "received_at": now, "donor": donor, "checkout": checkout,
            "stripe_payment_intent": f"pi_{next(numbers)}",
            "instrument_index": instrument_index(card) if card else None,
        }  # fmt: skip
        return Contribution.objects.create(**fields | known)

    return make


@pytest.fixture
def contribution(donor: Any, told: Any) -> Contribution:
    donor.gives("giver@example.org", frequency="once", amount="50")
    handle(told())
    return Contribution.objects.get()


@pytest.fixture
def officer(client: Any) -> Any:
    user = make_user("Finance")
    client.force_login(user)
    return user
