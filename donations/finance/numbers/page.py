"""The page with all of the numbers."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from donations import money
from donations.finance.common.access import FinancePage
from donations.finance.numbers import charts, figures
from donations.finance.numbers.comparing import compared, received
from donations.models import RecurringMove

TITLES = {"frequency": "By frequency", "appeal": "By appeal", "country": "By country of the card"}
MOST_CHARTED = 3  # currencies; the others are in the tables


def expected(now: datetime) -> list[dict[str, Any]]:
    """Per currency: what comes in a month as things are, and what made it so in this one."""
    sums, moved = figures.expected(), figures.moves(now)
    rows = []
    for currency in sorted({*sums, *moved}):
        kinds = moved.get(currency, dict.fromkeys(RecurringMove.Kind, 0))
        shown = {kind.value: money.signed(kinds[kind], currency) for kind in RecurringMove.Kind}
        total = money.show(sums.get(currency, 0), currency)
        rows.append({"code": currency.upper(), "total": total} | shown)
    return rows


class Numbers(FinancePage):
    template_name = "donations/finance/numbers/page.html"
    page_title = "How giving goes"
    header_icon = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        (as_of, months), parts = received(now), figures.parts(now)
        cohorts = figures.retention(now)
        charted = list(months)[:MOST_CHARTED]
        return super().get_context_data(**kwargs) | {
            "now": timezone.localtime(as_of),
            "compared": compared(months),
            "by_month": [chart for one in months if (chart := charts.of_months(one, months[one]))],
            "by_part": [
                charts.of_parts(TITLES[name], currency, mine)
                for currency in charted
                for name, found in parts.items()
                if (mine := [part for part in found if part.currency == currency])
            ],
            "expected": expected(now),
            "failed": figures.failed(now),
            "fees": [
                {
                    "code": row["currency"].upper(),
                    "fee": money.show(row["fee"], row["currency"]),
                    "sum": money.show(row["sum"], row["currency"]),
                    "share": f"{100 * row['fee'] / row['sum']:.1f} %",
                }
                for row in figures.fees(now)
            ],
            "after_deferral": [
                (part.currency.upper(), f"{part.gifts:,}", money.show(part.received, part.currency))
                for part in figures.after_deferral(now)
            ],
            "retention": charts.of_retention(cohorts) if cohorts else None,
        }
