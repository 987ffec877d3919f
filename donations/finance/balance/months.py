"""The months of the books: what is missing before one is closed, its statement, its journal."""

from collections.abc import Iterable
from datetime import date
from itertools import count, takewhile
from tempfile import TemporaryFile
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Max, Min
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.auth import require_admin_access

from donations.books import closing
from donations.books.exports import beancount, datev, journal
from donations.books.exports.reports import REPORTS
from donations.finance.common.access import IDENTITIES, VIEW_BOOKS
from donations.models import Booking, ClosedMonth, Datev
from newsroom.core import clock
from newsroom.core.database import one_state
from newsroom.staff.gate import needs_fresh_proof
from newsroom.staff.pages import AdminPage
from newsroom.web.exports import csv_response, xlsx_response

CLOSE = "donations.close_month"
# Where what is missing is seen, and worked off.
PLACES = {"review": "reviews", "payouts": "payouts:index", "ledger": "books"}
KINDS = {"csv": "CSV", "xlsx": "Excel", "datev": "DATEV", "beancount": "beancount"}


class Months(AdminPage):
    template_name = "donations/finance/months.html"
    page_title = "Months"
    header_icon = "calendar-check"
    permission_required = VIEW_BOOKS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        month = closing.to_close()
        closed = list(ClosedMonth.objects.all())
        return super().get_context_data(**kwargs) | {
            "closed": closed,
            "intact": all(one.is_intact for one in closed),
            "open": list(_from(month)) if month else [],
            "month": month,
            "checks": _checks(month) if month else [],
            "may_close": self.request.user.has_perm(CLOSE),
            "kinds": KINDS,
            "years": _years(),
            "reports": REPORTS,
        }


def _checks(month: date) -> list[tuple[closing.Check, str]]:
    """Each with the page that it leads to while it is not done."""
    query = f"?month={month:%Y-%m}"
    return [
        (check, f"{reverse(name)}{query if check.about == 'ledger' else ''}" if name else "")
        for check in closing.checklist(month, timezone.now())
        for name in [PLACES.get(check.about, "")]
    ]


def _years() -> list[int]:
    ends = Booking.objects.aggregate(first=Min("booked_on"), last=Max("booked_on"))
    if not ends["first"]:
        return []
    return list(range(ends["last"].year, ends["first"].year - 1, -1))


def _from(month: date) -> Iterable[date]:
    """The months that are open, the newest first."""
    last = Booking.objects.aggregate(last=Max("booked_on"))["last"] or month
    last = max(last, timezone.localdate())
    after = (date(year, n, 1) for year in count(month.year) for n in range(1, 13))
    return reversed([one for one in takewhile(lambda one: one <= last, after) if one >= month])


@require_admin_access
@permission_required(CLOSE, raise_exception=True)
@needs_fresh_proof
def close(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """GET shows what the statement will say, and asks; POST closes."""
    first = _month(year, month)
    if request.method == "POST":
        try:
            made = closing.close(first, request.user.get_username(), timezone.now())
            messages.success(request, f"{first:%B %Y} is closed: statement {made.number}.")
        except closing.NotYet as reason:
            messages.error(request, str(reason))
        return redirect("months")
    balances = closing.trial_balance(first, clock.month_of(first, 1))
    context: dict[str, Any] = {
        "month": first,
        "balances": {
            code.upper(): [row.in_words(code) for row in rows] for code, rows in balances.items()
        },
        "checks": _checks(first),
    }
    context["ready"] = all(check.done for check, _ in context["checks"])
    return render(request, "donations/finance/close_month.html", context)


@require_admin_access
@permission_required(VIEW_BOOKS, raise_exception=True)
def statement(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """As it was signed off, to the byte: its SHA-256 is the one that is shown."""
    found = get_object_or_404(ClosedMonth, month=_month(year, month))
    name = f'attachment; filename="statement-{found.number}-{found}.txt"'
    return HttpResponse(
        found.statement.encode(),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": name},
    )


@require_admin_access
@permission_required(VIEW_BOOKS, raise_exception=True)
def month_journal(
    request: HttpRequest, year: int, month: int, kind: str
) -> HttpResponse | FileResponse:
    """All bookings of a month. The file is whole before its first byte is sent."""
    first = _month(year, month)
    after, name = clock.month_of(first, 1), f"journal-{first:%Y-%m}"
    if kind == "datev" and (missing := Datev.load().missing):
        words = "Settings, “Accounts at DATEV” do not say yet:"
        messages.error(request, f"{words} {', '.join(missing)}. A finance lead can.")
        return redirect("months")
    with one_state():
        if kind == "csv":
            return csv_response(journal.rows(first, after), name)
        if kind == "xlsx":
            return xlsx_response(journal.rows(first, after), name)
        if kind not in ("beancount", "datev"):
            raise Http404
        file = TemporaryFile()  # noqa: SIM115 — the response closes it
        if kind == "datev":
            datev.archive(file, first, timezone.now())
            ending, content_type = "datev.zip", "application/zip"
        else:
            file.writelines(line.encode() for line in beancount.ledger(first, after))
            ending, content_type = "beancount", "text/plain"
        file.seek(0)
        return FileResponse(
            file, as_attachment=True, filename=f"{name}.{ending}", content_type=content_type
        )


@require_admin_access
@permission_required(VIEW_BOOKS, raise_exception=True)
def report(request: HttpRequest, name: str, year: int, kind: str) -> FileResponse:
    """A table of a year. Who gave is named to those who may know it."""
    if name not in REPORTS or kind not in ("csv", "xlsx"):
        raise Http404
    first = _month(year, 1)
    with one_state():
        rows = REPORTS[name].rows(first.year, request.user.has_perm(IDENTITIES))
        response = csv_response if kind == "csv" else xlsx_response
        return response(rows, f"{name}-{year}")


def _month(year: int, month: int) -> date:
    """Raises Http404 for what is no month of ours."""
    if not (2000 <= year < 2200 and 1 <= month <= 12):
        raise Http404
    return date(year, month, 1)
