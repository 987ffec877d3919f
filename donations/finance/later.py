"""What “later” is worth: how many who said it came back, when, by which choice, with what.

From counts without names; so the page is for editors, too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils import timezone
from wagtail import hooks

from donations import money
from donations.models import DeferralCount
from donations.models.asking import days
from donations.models.asking.amounts import CHARGED
from donations.models.asking.deferral_count import Outcome
from newsroom.core import clock
from newsroom.staff.pages import AdminPage

SEE = "donations.view_deferralcount"
MONTHS = 12
LAST_WEEK = 12  # what comes later is one bar
WIDE, HIGH, LEFT, GROUND = 720, 220, 40, 190
LABELS = dict(CHARGED)
KINDS = {
    "in-month": "A month by its name",
    "yearly": "Every year",
    "cancel": "When a regular contribution was cancelled",
}


class LaterPage(AdminPage):
    permission_required = SEE
    template_name = "donations/finance/later.html"
    page_title = "What “later” is worth"
    header_icon = "history"
    breadcrumbs_items: list[dict[str, Any]] = []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | worth(timezone.localdate())


def worth(today: date) -> dict[str, Any]:
    """Of wishes of the last twelve months, this one among them."""
    since = clock.month_of(today, 1 - MONTHS)
    rows = list(DeferralCount.objects.filter(month__gte=since))
    by_choice: dict[str, Counter[str]] = defaultdict(Counter)
    gifts: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    weeks: Counter[int] = Counter()
    for row in rows:
        by_choice[row.choice][row.outcome] += row.number
        if row.outcome in (Outcome.GAVE, Outcome.EARLY):
            gifts[row.frequency, row.currency] += row.number
            amounts[row.frequency, row.currency] += row.amount
            weeks[min(row.weeks, LAST_WEEK)] += row.number
    total = sum(by_choice.values(), Counter())
    return {
        "since": since,
        "choices": [(_label(choice), _line(by_choice[choice])) for choice in _ordered(by_choice)],
        "total": _line(total),
        "shown": _of_shown(total, since),
        "gifts": [
            (
                LABELS.get(kind, kind),
                number,
                money.show(amounts[kind, currency], currency),
            )
            for (kind, currency), number in gifts.most_common()
        ],
        "chart": chart(weeks),
    }


def _label(choice: str) -> str:
    known = days.BY_VALUE.get(choice)
    return KINDS.get(choice) or (str(known.label) if known else choice)


def _ordered(choices: Iterable[str]) -> list[str]:
    order = [*days.BY_VALUE, *KINDS]
    return sorted(choices, key=lambda one: order.index(one) if one in order else len(order))


def _line(numbers: Counter[str]) -> dict[str, Any]:
    """Those who left an address, and what came of it; who left none can't be followed."""
    came = numbers[Outcome.GAVE] + numbers[Outcome.EARLY]
    asked = numbers[Outcome.ASKED]
    share = f"{came / asked:.1%}" if asked and came <= asked else ""
    return {outcome: numbers[outcome] for outcome in Outcome.values} | {
        "came": came,
        "share": share,
    }


def _of_shown(total: Counter[str], since: date) -> dict[str, Any] | None:
    """Per 1,000 times that the ask was shown, where somebody counts that (hook ``asks_shown``)."""
    shown = sum(hook(since) for hook in hooks.get_hooks("asks_shown"))
    if not shown:
        return None
    deferred = total[Outcome.COOKIE] + total[Outcome.ASKED]
    came = total[Outcome.GAVE] + total[Outcome.EARLY]
    return {"shown": shown, "deferred": deferred * 1000 / shown, "came": came * 1000 / shown}


def chart(weeks: Counter[int]) -> dict[str, Any] | None:
    """Bars: how many came back in which week after they had said “later”."""
    most = max(weeks.values(), default=0)
    if not most:
        return None
    step = (WIDE - LEFT) / (LAST_WEEK + 1)
    bars = []
    for week in range(LAST_WEEK + 1):
        high = round(weeks[week] / most * (GROUND - 30))
        x = round(LEFT + week * step + step * 0.15)
        bars.append(
            {
                "x": x,
                "y": GROUND - high,
                "wide": round(step * 0.7),
                "high": high,
                "middle": round(x + step * 0.35),
                "label": f"{week}+" if week == LAST_WEEK else str(week),
                "number": weeks[week],
            }
        )
    return {
        "width": WIDE,
        "height": HIGH,
        "ground": GROUND,
        "left": LEFT,
        "most": most,
        "bars": bars,
    }
