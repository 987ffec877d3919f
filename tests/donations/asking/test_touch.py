from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from donations.asking import touch
from donations.models import Contribution, Donor, KeepInTouch, RecurringContribution
from newsroom.core.privacy import giving_index, list_index
from newsroom.models import Suppression, TransactionalMail
from newsroom.tasks import send_waiting_mails
from tests.factories import make_deferral

pytestmark = pytest.mark.django_db


def promise(name: str, **fields: Any) -> RecurringContribution:
    address = f"{name}@example.org"
    donor = Donor.objects.create(email=address, email_index=giving_index(address), language="de")
    donor.addresses.create(email_index=donor.email_index)
    made: RecurringContribution = RecurringContribution.objects.create(
        **{
            "donor": donor,
            "frequency": "monthly",
            "amount": 500,
            "currency": "usd",
            "status": "active",
            "stripe_subscription": f"sub_{name}",
            "stripe_customer": f"cus_{name}",
            "started_at": timezone.now() - timedelta(days=40),
        }
        | fields
    )
    return made


@pytest.fixture
def morning(site, committing):
    """Each of some days the job runs twice, and what it has posted goes out."""

    def run(days: int = 1) -> None:
        with committing():
            for day in range(days):
                for _ in range(2):
                    touch.keep(timezone.now() + timedelta(days=day))
            TransactionalMail.objects.update(next_try_at=timezone.now())
            send_waiting_mails()

    return run


def test_nothing_goes_out_before_somebody_has_turned_it_on(morning) -> None:
    promise("a", status="canceled", ended_at=timezone.now() - timedelta(weeks=8))
    morning(5)
    assert not TransactionalMail.objects.exists()


def test_who_stopped_is_asked_once_and_never_who_is_to_be_left_alone(morning, inbox) -> None:
    KeepInTouch.objects.create(win_back_after=8)
    ended = {"status": "canceled", "ended_at": timezone.now() - timedelta(weeks=8, hours=1)}
    names = ("stopped", "gives", "waits", "suppressed", "erased", "earlier")
    rows = {name: promise(name, **ended) for name in names}
    Contribution.objects.create(
        donor=rows["gives"].donor,
        frequency="once",
        amount=1,
        currency="usd",
        status="succeeded",
        stripe_payment_intent="pi",
        created_at=timezone.now(),
    )
    make_deferral("waits@example.org")
    Suppression.add(list_index("suppressed@example.org"), "complaint")
    Donor.objects.filter(recurring=rows["erased"]).delete()
    long_ago = {"ended_at": timezone.now() - timedelta(weeks=30)}
    RecurringContribution.objects.filter(pk=rows["earlier"].pk).update(**long_ago)
    morning(3)
    assert {name: len(inbox.to(f"{name}@example.org")) for name in names} == {
        name: int(name == "stopped") for name in names
    }


@pytest.mark.parametrize(
    ("began", "today", "due"),
    [
        ("2025-11-27", "2026-11-27", True),
        ("2025-11-25", "2026-11-27", True),  # yesterday's job was missed, and the one before
        ("2025-11-20", "2026-11-27", False),
        ("2026-11-27", "2026-11-27", False),
        ("2024-02-29", "2027-02-28", True),
        ("2024-02-29", "2028-02-28", False),
        ("2024-02-29", "2028-02-29", True),
    ],
)
def test_anniversary_is_the_day_on_which_they_began(
    site, began: str, today: str, due: bool
) -> None:
    KeepInTouch.objects.create(anniversaries=True)
    promise("a", started_at=datetime.fromisoformat(f"{began}T12:00Z"))
    promise("b", started_at=datetime.fromisoformat(f"{began}T12:00Z"), status="canceled")
    now = datetime.fromisoformat(f"{today}T10:00Z").astimezone(UTC)
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            touch.keep(timezone.now())
    assert TransactionalMail.objects.count() == int(due)
