"""Two years at Stripe, as the sandbox plays them, and whether the books say the same; then what the
books take of our own time for 100,000 movements. YEARS, DONORS, MOVEMENTS: how much.

Of one month more no event arrives: each thing that is missing then is healed by the next nights,
or reported.
"""

import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures
from tests.tools import path_of


def run() -> tuple[dict[str, Any], Figures]:
    from tests.environment import start_sandbox
    from tests.factories import make_appeal, make_site

    years, donors = given("YEARS", 2), given("DONORS", 20)
    movements = given("MOVEMENTS", 100_000)
    make_site()
    make_appeal()
    url = os.environ["STRIPE_SANDBOX_URL"]
    figures: Figures = {}
    if years:
        with start_sandbox("donations.sandbox.app", url, "stripe.sqlite3"):
            figures |= played(url, years * 12, donors)
    if movements:
        figures |= many(movements)
    return {"years": years, "donors": donors, "movements": movements}, figures


def played(url: str, months: int, donors: int) -> Figures:
    from django.test import Client
    from django.utils import timezone

    from donations.books import agreement
    from donations.models import BalanceTransaction, Payout, StripeEvent
    from tests.benchmarks.two_years import TwoYears, unlike_ours
    from tests.donations.conftest import Donor

    world = TwoYears(Donor(Client(), url), url)
    world.begin(donors)
    for month in range(months):
        world.month(month)
        hear()
        agreement.follow(timezone.now())
    later = timezone.now() + timedelta(days=365 * 9)
    world.donor.advance(4)
    hear()
    found = agreement.check(later)
    payouts = Payout.objects.filter(automatic=True).exclude(status__in=Payout.UNDONE)
    figures: Figures = {f"{what}, played": (count, "") for what, count in world.seen().items()}
    figures |= {
        "movements played": (BalanceTransaction.objects.count(), ""),
        "payouts": (payouts.count(), ""),
        "… that do not add up": (payouts.filter(added_up_at=None).count(), ""),
        "events heard of": (StripeEvent.objects.count(), ""),
        "payments and more unlike Stripe's": (len(unlike_ours(world)), ""),
        "trial balance": (sum(abs(one) for one in sums().values()), ""),
        "unexplained": (sum(not one.agrees for one in found), ""),
        "said by bean-check": (float(len(bean_check())), "bytes"),
    }
    return figures | lost(world, months)


def lost(world: Any, month: int) -> Figures:
    """One more month of which no event ever arrives, and its nights."""
    from donations.books import agreement
    from donations.models import Review
    from tests.benchmarks.two_years import unlike_ours

    missing: set[tuple[str, str]] = set()
    told: set[str] = set()
    events = 0
    found: list[agreement.Finding] = []

    def night() -> None:
        nonlocal events, found
        events += hear(loses=True)
        missing.update(unlike_ours(world))
        last = datetime.fromtimestamp(world.all("events")[0]["created"], UTC)
        found = agreement.check(last + timedelta(hours=9))
        told.update(Review.objects.waiting().values_list("about", flat=True))

    world.month(month, night)
    world.contest(month + 1)  # what was left open is over
    world.donor.advance(3)
    night()
    left = unlike_ours(world)
    neither = [one for one in left if one[1] not in told]
    for kind, pk in neither:
        sys.stderr.write(f"Neither healed nor reported: {kind} {pk}\n")
    return {
        "events lost on purpose": (events, ""),
        "payments and more that were missing": (len(missing), ""),
        "… healed by the next nights": (len(missing - left), ""),
        "… reported": (len(left) - len(neither), ""),
        "… neither": (len(neither), ""),
        "trial balance then": (sum(abs(one) for one in sums().values()), ""),
        "unexplained then": (sum(not one.agrees for one in found), ""),
    }


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

    from donations.books.exports import beancount
    from tests.environment import ROOT

    file = ROOT / "var" / "bench" / "books.beancount"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(beancount.ledger(date(2020, 1, 1), date(2040, 1, 1))))
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
    theirs = [0.0, 0.0]  # seconds, and of them of this process
    balance.movements = lambda *_, **__: pages(number, theirs)  # type: ignore[assignment]
    balance.payouts = lambda *_: iter(())  # type: ignore[assignment]
    balance.newest_movement = lambda: "txn_0"
    balance.amounts = lambda: Counter(usd=941 * number)
    began, used = time.monotonic(), time.process_time()
    found = agreement.follow(timezone.now())
    took = time.monotonic() - began - theirs[0]
    used = time.process_time() - used - theirs[1]
    assert all(one.agrees for one in found)
    assert BalanceTransaction.objects.count() == number
    return {
        f"{number:,} movements, our own time": (took, "s"),
        "… of it of our process, not PostgreSQL": (used, "s"),
        "memory at its highest": (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB",
        ),
    }  # fmt: skip


def pages(number: int, theirs: list[float]) -> Iterator[list[Any]]:
    import stripe

    now = int(time.time())
    for first in range(0, number, 100):
        began, used = time.monotonic(), time.process_time()
        page = [
            stripe.BalanceTransaction.construct_from(movement(n, now), "sk_test_x")
            for n in range(first, min(first + 100, number))
        ]
        theirs[0] += time.monotonic() - began
        theirs[1] += time.process_time() - used
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
