"""Two years at Stripe, as the sandbox plays them, and whether the books say the same; then what the
books take of our own time for 100,000 movements. YEARS, DONORS and MOVEMENTS set how much.

Once events are lost on purpose: what the night finds is counted, and what is left after it.
"""

import os
import random
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import requests

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures
from tests.tools import path_of

CURRENCIES = ("usd", "usd", "eur", "gbp", "jpy")
AMOUNTS = {"jpy": "1000"}


def run() -> tuple[dict[str, Any], Figures]:
    from tests.environment import start_sandbox
    from tests.factories import make_appeal, make_site

    years, donors = given("YEARS", 2), given("DONORS", 20)
    movements = given("MOVEMENTS", 100_000)
    make_site()
    make_appeal()
    url = os.environ["STRIPE_SANDBOX_URL"]
    with start_sandbox("donations.sandbox.app", url, "stripe.sqlite3"):
        figures = played(url, years * 12, donors)
    figures |= many(movements)
    return {"years": years, "donors": donors, "movements": movements}, figures


def played(url: str, months: int, donors: int) -> Figures:
    from django.test import Client
    from django.utils import timezone

    from donations.books import agreement
    from donations.models import BalanceTransaction, Payout, StripeEvent
    from tests.donations.conftest import Donor

    chance, donor = random.Random(1), Donor(Client(), url)
    for n in range(donors):
        code = CURRENCIES[n % len(CURRENCIES)]
        often = ("monthly", "monthly", "annual")[n % 3]
        amount = AMOUNTS.get(code, "10")
        donor.gives(f"donor{n}@example.org", frequency=often, amount=amount, currency=code)
    lost = 0
    for month in range(months):
        code = CURRENCIES[month % len(CURRENCIES)]
        donor.gives(f"once{month}@example.org", frequency="once", amount="1000", currency=code)
        happen(url, chance, month)
        donor.advance(30)
        lost += hear(loses=month == months // 2)
        agreement.follow(timezone.now())
    later = timezone.now() + timedelta(days=365 * 9)
    missing = agreement.charges_of_nobody(later).count()
    agreement.check(later)
    donor.advance(4)
    hear()
    found = agreement.check(later)
    payouts = Payout.objects.filter(automatic=True).exclude(status__in=Payout.UNDONE)
    return {
        "movements played": (BalanceTransaction.objects.count(), ""),
        "payouts": (payouts.count(), ""),
        "… that add up": (payouts.exclude(added_up_at=None).count(), ""),
        "events heard of": (StripeEvent.objects.count(), ""),
        "events lost on purpose": (lost, ""),
        "charges that were missing by it": (missing, ""),
        "… after the night": (agreement.charges_of_nobody(later).count(), ""),
        "trial balance": (sum(abs(one) for one in sums().values()), ""),
        "unexplained": (sum(not one.agrees for one in found), ""),
        "said by bean-check": (float(len(bean_check())), "bytes"),
    }


def happen(url: str, chance: random.Random, month: int) -> None:
    """Refunds, disputes in each outcome, fees, rates of the day, payouts that come back."""
    from tests.donations.conftest import all_of

    def press(button: str, **form: object) -> None:
        requests.post(f"{url}/{button}", data=form, timeout=60, allow_redirects=False)

    intents = [one["id"] for one in all_of(url, "payment_intents")[:20]]
    press("rate", currency="gbp", rate=f"{1.2 + month / 100:.2f}")
    press("fee", amount=100 + month, kind="stripe_fee")
    press("refund", payment_intent=chance.choice(intents), amount="100")
    if month % 3 == 0:
        press("dispute", payment_intent=intents[0])
        dispute = all_of(url, "disputes")[0]["id"]
        press("close-dispute", dispute=dispute, outcome="answered")
        press("close-dispute", dispute=dispute, outcome=chance.choice(["won", "lost"]))
    if month % 6 == 5:
        press("undo-payout", payout=all_of(url, "payouts")[0]["id"], status="failed")
    if month % 8 == 7:
        press("pay-out", amount="500")


def hear(*, loses: bool = False) -> int:
    """All that Stripe has to tell; or none of it ever arrives. How many were lost."""
    from django.utils import timezone

    from donations.models import StripeEvent
    from donations.payments import catch_up
    from donations.payments.events import process

    catch_up.run(timezone.now())
    told = StripeEvent.objects.filter(handled_at=None).order_by("created_at")
    if loses:
        return told.update(handled_at=timezone.now())
    for event in told:
        process(event)
    return 0


def sums() -> Counter[str]:
    """Of each currency, of all postings: nothing, or PostgreSQL has been fooled."""
    from donations.models import Booking

    found: Counter[str] = Counter()
    for (currency, _), amount in Booking.objects.all().balances().items():
        found[currency] += amount
    return found


def bean_check() -> str:
    from datetime import date

    from donations.books import journal
    from tests.environment import ROOT

    file = ROOT / "var" / "bench" / "books.beancount"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(journal.beancount(date(2020, 1, 1), date(2040, 1, 1))))
    program = path_of("bean-check") or "bean-check"
    done = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def many(number: int) -> Figures:
    """Our own part: Stripe's answers are made here, a hundred at a time, and taken off."""
    from django.db import connection
    from django.utils import timezone

    from donations.books import agreement
    from donations.models import BalanceTransaction, Mark
    from donations.payments import balance

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in ("donations_balancetransaction", "donations_posting", "donations_booking"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET session_replication_role = DEFAULT")
    Mark.objects.all().delete()
    theirs = [0.0]
    balance.movements = lambda *_, **__: pages(number, theirs)  # type: ignore[assignment]
    balance.payouts = lambda *_: iter(())  # type: ignore[assignment]
    balance.newest_movement = lambda: "txn_0"
    balance.amounts = lambda: Counter(usd=941 * number)
    began = time.monotonic()
    found = agreement.follow(timezone.now())
    took = time.monotonic() - began - theirs[0]
    assert all(one.agrees for one in found)
    assert BalanceTransaction.objects.count() == number
    return {
        f"{number:,} movements, our own time": (took, "s"),
        "memory at its highest": (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB",
        ),
    }  # fmt: skip


def pages(number: int, theirs: list[float]) -> Iterator[list[Any]]:
    import stripe

    now = int(time.time())
    for first in range(0, number, 100):
        began = time.monotonic()
        page = [
            stripe.BalanceTransaction.construct_from(movement(n, now), "sk_test_x")
            for n in range(first, min(first + 100, number))
        ]
        theirs[0] += time.monotonic() - began
        yield page


def movement(n: int, now: int) -> dict[str, Any]:
    fee = {"type": "stripe_fee", "amount": 59, "currency": "usd", "description": "x"}
    charge = {"object": "charge", "id": f"ch_{n}", "status": "succeeded"}
    return {
        "object": "balance_transaction", "id": f"txn_{n}", "type": "charge", "amount": 1000,
        "fee": 59, "net": 941, "currency": "usd", "exchange_rate": None, "description": "",
        "fee_details": [fee], "created": now - n, "available_on": now,
        "reporting_category": "charge", "source": charge | {"amount": 1000, "currency": "usd"},
    }  # fmt: skip
