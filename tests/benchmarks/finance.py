"""Finance's pages beside millions of contributions: each list, its filters, a page deep in it, the
search, the books. CONTRIBUTIONS says how many; a fifth as many donors, a twentieth regularly.

The fastest of some runs: what a page costs, whatever else the machine does meanwhile."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.benchmarks import given
from tests.benchmarks.desk import RUNS, Figures

CONTRIBUTIONS = given("CONTRIBUTIONS", 2_000_000)
AT_ONCE = 250_000
CODE = "(ARRAY['usd', 'usd', 'eur', 'gbp'])[n %% 4 + 1]"
AMOUNT = "500 + (n %% 97) * 50"
AT = "now() - n %% 1500 * interval '1 day' - n %% 86399 * interval '1 second'"
RETURNED = "CASE WHEN n %% 50 = 0 THEN 500 ELSE 0 END"
STATUS = (
    "CASE WHEN n %% 50 = 0 THEN 'partly_refunded' WHEN n %% 61 = 0 THEN 'failed' "
    "WHEN n %% 997 = 0 THEN 'disputed' ELSE 'succeeded' END"
)
# What differs between rows; all else is as in the one that is copied. ``n`` counts.
DONOR = {"email_index": "sha256(n::text::bytea)", "name_index": "sha256((n % 90000)::text::bytea)"}
RECURRING = {
    "donor_id": "DONOR", "stripe_subscription": "'sub_' || n", "currency": CODE,
    "status": "CASE WHEN n %% 9 = 0 THEN 'canceled' WHEN n %% 31 = 0 THEN 'past_due' "
              "ELSE 'active' END",
    "started_at": AT, "renews_at": "now() + n %% 30 * interval '1 day'",
    "ended_at": "CASE WHEN n %% 9 = 0 THEN now() - n %% 700 * interval '1 day' END",
}  # fmt: skip
CONTRIBUTION = {
    "donor_id": "DONOR", "amount": AMOUNT, "currency": CODE, "status": STATUS, "created_at": AT,
    "received_at": AT, "returned": RETURNED, "stripe_payment_intent": "'pi_' || n",
    "stripe_charge": "'ch_' || n", "stripe_invoice": "'in_' || n", "stripe_customer": "'cus_' || n",
    "last_four_index": "sha256((n %% 9999)::text::bytea)",
    "instrument_index": "sha256((n / 3)::text::bytea)",
    "frequency": "CASE WHEN n %% 3 = 0 THEN 'once' ELSE 'monthly' END",
    "method": "(ARRAY['card', 'sepa_debit'])[n %% 2 + 1]",
    "country": "(ARRAY['US', 'DE', 'FR'])[n %% 3 + 1]",
}  # fmt: skip
MOVEMENT = {"contribution_id": "FIRST + n", "source": "'ch_' || n", "amount": AMOUNT, "at": AT}
RECEIPT = {"contribution_id": "FIRST + n", "year": "2000 + n / 900000", "number": "n"}
PAYOUT = {"id": "'po_' || n", "created_at": "now() - n * interval '1 day'"}
MOVED = {
    "id": "'txn_' || n", "amount": AMOUNT, "net": f"{AMOUNT} - 45", "currency": CODE,
    "created_at": AT, "source": "'ch_' || n", "charge": "'ch_' || n", "given_amount": AMOUNT,
    "given_currency": CODE, "booking_id": "BOOKING + n",
    "payout_id": "CASE WHEN n %% 1500 < 2 THEN NULL ELSE 'po_' || n %% 1500 END",
}  # fmt: skip
BOOKING = {
    "reference": "'txn_' || n", "currency": CODE, "happened_at": AT, "booked_on": f"({AT})::date",
    "lines": "3",
}  # fmt: skip
POSTINGS = {
    "clearing": f"{AMOUNT} - 45", "fees": "45", "donations": f"-({AMOUNT})"
}  # fmt: skip


def run() -> tuple[dict[str, Any], Figures]:
    from django.db import connection
    from django.test import Client

    from donations.models import Contribution
    from tests.factories import make_site, make_user

    make_site()
    began = time.perf_counter()
    fill(CONTRIBUTIONS)
    filling = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client = Client(headers={"host": "localhost"})
    client.force_login(make_user("Finance leads"))

    def page(path: str) -> Callable[[], object]:
        def ask() -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    figures: Figures = {
        name: (fastest(page(f"/admin/{path}")), "ms") for name, path in addresses().items()
    }
    figures["the slowest"] = (max(value for value, _ in figures.values()), "ms")
    figures["put into the tables"] = (CONTRIBUTIONS / filling, "rows/s")
    assert Contribution.objects.count() == CONTRIBUTIONS + 1
    return {"contributions": CONTRIBUTIONS}, figures


def fastest(ask: Callable[[], object]) -> float:
    """In milliseconds."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def addresses() -> dict[str, str]:
    from django.utils import timezone

    from donations.models import Booking, Contribution, Movement, Payout, RecurringContribution

    today = timezone.localdate()
    deep = Contribution.objects.order_by("-created_at")[CONTRIBUTIONS * 3 // 4].pk
    one = Contribution.objects.get(stripe_payment_intent="pi_1234")
    booking, payout = Booking.objects.order_by("pk")[1234].pk, Payout.objects.order_by("pk")[700].pk
    regular = RecurringContribution.objects.order_by("pk")[123].pk
    movement = Movement.objects.order_by("-at")[CONTRIBUTIONS // 2].pk
    of_a_year = f"received_at_from={today - timedelta(days=365)}"
    return {
        "start page": "",
        "contributions": "contributions/",
        "… by amount": "contributions/?ordering=-amount",
        "… three quarters down": f"contributions/?below={deep}",
        "… by amount, three quarters down": f"contributions/?ordering=amount&below={deep}",
        "… of this month": f"contributions/?received_at_from={today.replace(day=1)}",
        "… of a year": f"contributions/?{of_a_year}",
        "… failed": "contributions/?status=failed",
        "… in euros from 50 up": "contributions/?currency=eur&amount=50",
        "… above all": "contributions/?amount=999999",
        "… of one donor": f"contributions/?donor={one.donor_id}",
        "… in one payout": f"contributions/?payout={payout}",
        "… in none": "contributions/?payout=none",
        "… dear": "contributions/?fee=dear",
        "one contribution": f"contributions/inspect/{one.pk}/",
        "movements": "movements/",
        "… halfway down": f"movements/?below={movement}",
        "… of a year, in euros": f"movements/?at_from={today - timedelta(days=365)}&currency=eur",
        "given regularly": "regular/",
        "… failing": "regular/?state=failing",
        "… ended": "regular/?state=ended",
        "one of it": f"regular/inspect/{regular}/",
        "a donor": f"giving/donors/{one.donor_id}/",
        "found by address": "giving/find/?q=ann@example.org",
        "found by amount": "giving/find/?q=12.00",
        "found by last four": "giving/find/?q=4242",
        "found by Stripe's id": "giving/find/?q=pi_1234",
        "found by name": "giving/find/?q=Ann+Reader",
        "found by a word": "giving/find/?q=thanks",
        "how giving goes": "giving/",
        "… in a year": f"giving/?from={today - timedelta(days=365)}",
        "disputes": "giving/disputes/",
        "ledger": "giving/books/",
        "an account": "giving/books/usd/clearing/",
        "a booking": f"giving/booking/{booking}/",
        "payouts": "payouts/",
        "one payout": f"payouts/inspect/{payout}/",
        "months": "months/",
        "bank": "bank/",
        "review": "review/",
        "statements": "giving/statements/",
    }


def fill(number: int) -> None:
    """Without the triggers; what they keep is added up."""
    from django.db import connection

    from donations.models import (
        AccountMonth,
        BalanceTransaction,
        Booking,
        Contribution,
        Donor,
        Movement,
        Payout,
        Posting,
        Receipt,
        RecurringContribution,
    )

    firsts = templates()
    donors, regular = number // 5, number // 20
    of_a_donor = f"{firsts['donor'] + 1} + n %% {donors}"
    places = {
        "DONOR": of_a_donor, "FIRST": str(firsts["contribution"]),
        "BOOKING": str(firsts["booking"]),
    }  # fmt: skip

    def copies(model: Any, many: int, **fields: str) -> None:
        columns = {one.column: one.column for one in model._meta.concrete_fields}
        if "id" not in fields:
            del columns["id"]
        for column, value in fields.items():
            for name, meant in places.items():
                value = value.replace(name, meant)
            columns[column] = value
        table = model._meta.db_table
        for first in range(1, many + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, many)
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
                f"FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) one, "
                f"generate_series(%s, %s) n ORDER BY n",
                [first, last],
            )

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        copies(Donor, donors, **{k: v.replace("%", "%%") for k, v in DONOR.items()})
        copies(RecurringContribution, regular, **RECURRING)
        copies(Contribution, number, **CONTRIBUTION)
        copies(Movement, number, **MOVEMENT)
        copies(Receipt, number, **RECEIPT)
        copies(Payout, 1500, **PAYOUT)
        copies(Booking, number, **BOOKING)
        copies(BalanceTransaction, number, **MOVED)
        for account, amount in POSTINGS.items():
            copies(Posting, number, booking_id="BOOKING + n", account=f"'{account}'", amount=amount)
        cursor.execute(f"DELETE FROM {AccountMonth._meta.db_table}")
        cursor.execute(
            f"INSERT INTO {AccountMonth._meta.db_table} (month, currency, account, debit, credit) "
            "SELECT date_trunc('month', booked_on)::date, currency, account, "
            "coalesce(sum(amount) FILTER (WHERE amount > 0), 0), "
            "coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) "
            "FROM donations_posting p JOIN donations_booking b ON b.id = p.booking_id "
            "GROUP BY 1, 2, 3"
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def templates() -> dict[str, int]:
    """One of each, that is copied; their numbers."""
    from uuid import uuid4

    from django.utils import timezone

    from donations.books import offline
    from donations.models import (
        BalanceTransaction,
        Booking,
        Contribution,
        Donor,
        Payout,
        RecurringContribution,
    )

    now = timezone.now()
    offline.record(
        uuid4(), "officer", amount=1200, currency="usd", received_on=now.date(), kind="bank",
        email="ann@example.org", name="Ann Reader", thank=False,
    )  # fmt: skip
    one, booking = Contribution.objects.get(), Booking.objects.get()
    RecurringContribution.objects.create(
        donor=one.donor, frequency="monthly", amount=1200, currency="usd", status="active",
        stripe_subscription="sub_0", stripe_customer="cus_0", started_at=now, renews_at=now,
    )  # fmt: skip
    payout = Payout.objects.create(
        id="po_0", status="paid", amount=1_000_000, currency="usd", created_at=now,
        arrival_on=now.date(), automatic=True, method="standard", reconciliation="completed",
        comes_to=1_000_000, added_up_at=now,
    )  # fmt: skip
    BalanceTransaction.objects.create(
        id="txn_0", kind="charge", category="charge", amount=1200, fee=45, net=1155,
        currency="usd", fees=[["stripe_fee", 45, "x"]], created_at=now, available_on=now.date(),
        source="ch_0", source_status="succeeded", charge="ch_0", given_amount=1200,
        given_currency="usd", payout=payout, booking=booking,
    )  # fmt: skip
    donor = Donor.objects.get()
    return {"donor": donor.pk, "contribution": one.pk, "booking": booking.pk}
