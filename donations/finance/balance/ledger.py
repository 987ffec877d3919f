"""The books to read: what each account came to in a month, its bookings, and one of them."""

import re
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Sum
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils import timezone

from donations import money
from donations.finance.common.access import VIEW_BOOKS, FinancePage
from donations.finance.common.paging import page
from donations.models import Account, AccountMonth, Booking, Contribution, Posting
from newsroom.core import clock

ROWS = 50


def month_in(text: str) -> date:
    """“2026-11”; for anything else this month."""
    if found := re.fullmatch(r"([12]\d{3})-(0[1-9]|1[0-2])", text):
        return date(int(found[1]), int(found[2]), 1)
    return clock.month_of(timezone.localdate())


def trial_balance(month: date) -> list[dict[str, Any]]:
    """Per currency the accounts that ever had something: before the month, in it, after it; and the
    sums of each side, which have to be the same. One query over kept months."""
    this = Q(month=month)
    rows: Any = (
        AccountMonth.objects.filter(month__lte=month)
        .order_by()
        .values("currency", "account")
        .annotate(
            all_debit=Sum("debit", default=0),
            all_credit=Sum("credit", default=0),
            debit=Sum("debit", filter=this, default=0),
            credit=Sum("credit", filter=this, default=0),
        )
    )
    order = {account: number for number, account in enumerate(Account.values)}
    currencies: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["currency"], order.get(row["account"], 99))):
        currencies.setdefault(row["currency"], []).append(_line(row))
    return [_sheet(currency, lines) for currency, lines in currencies.items()]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    closing = row["all_debit"] - row["all_credit"]
    sums = {
        "opening": closing - row["debit"] + row["credit"],
        "debit": row["debit"],
        "credit": row["credit"],
        "closing": closing,
    }
    shown = {
        name: money.signed(sum_, row["currency"]) if sum_ else "" for name, sum_ in sums.items()
    }
    return {"account": row["account"], "label": Account(row["account"]).label, "sums": sums} | shown


def _sheet(currency: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    def total(name: str) -> int:
        return sum(line["sums"][name] for line in lines)

    balanced = total("opening") == total("closing") == 0 and total("debit") == total("credit")
    shown = {name: money.signed(total(name), currency) for name in ("debit", "credit")}
    return {"currency": currency, "lines": lines, "balanced": balanced} | shown


class LedgerPage(FinancePage):
    permission_required = VIEW_BOOKS
    header_icon = "table"

    @property
    def month(self) -> date:
        return month_in(self.request.GET.get("month", ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"month": self.month}


class Below(LedgerPage):
    breadcrumbs_items = [
        *LedgerPage.breadcrumbs_items,
        {"url": reverse_lazy("books"), "label": "Ledger"},
    ]


class Books(LedgerPage):
    template_name = "donations/finance/balance/books.html"
    page_title = "Ledger"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"sheets": trial_balance(self.month)}


class AccountPage(Below):
    template_name = "donations/finance/balance/account.html"

    def get_page_title(self) -> str:
        account, currency = self.kwargs["account"], self.kwargs["currency"]
        if account not in Account.values:
            raise Http404
        return f"{Account(account).label}, {currency.upper()}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account, currency = self.kwargs["account"], self.kwargs["currency"]
        posted = Posting.objects.filter(account=account, booking=OuterRef("pk")).values("amount")
        found = Booking.objects.filter(
            currency=currency,
            booked_on__gte=self.month,
            booked_on__lt=clock.month_of(self.month, 1),
        )
        found = found.annotate(posted=Subquery(posted)).filter(posted__isnull=False)
        rows = page(found.order_by("-booked_on"), self.request.GET, ROWS)
        shown = [(row, money.signed(row.posted, currency)) for row in rows.rows]
        return super().get_context_data(**kwargs) | {"page": rows, "rows": shown}


class BookingPage(Below):
    template_name = "donations/finance/balance/booking.html"
    page_title = "Booking"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        booking = get_object_or_404(
            Booking.objects.select_related("balance_transaction"), pk=self.kwargs["pk"]
        )
        moved = getattr(booking, "balance_transaction", None)
        charge = moved.charge if moved else booking.reference
        given = Contribution.objects.filter(stripe_charge=charge).exclude(stripe_charge="")
        return super().get_context_data(**kwargs) | {
            "booking": booking,
            "moved": moved,
            "postings": [
                (line, money.signed(line.amount, booking.currency))
                for line in booking.postings.all()
            ],
            "contribution": given.first(),
        }
