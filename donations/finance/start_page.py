"""What finance's start page begins with: what waits for a decision, and the month's money."""

from typing import Any

from django.utils import timezone
from wagtail.admin.ui.components import Component

from donations.finance.common.totals import in_words
from donations.finance.numbers.comparing import compared, received
from donations.models import Movement, Review

SHOWN = 5


class FinancePanel(Component):
    name, order = "finance", 60
    template_name = "donations/finance/start_page.html"

    class Media:
        css = {"all": ("donations/finance.css",)}

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        now = timezone.localtime()
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        waiting = Review.objects.waiting().select_related("contribution")
        as_of, months = received(timezone.now())
        return {
            "compared": compared(months),
            "as_of": timezone.localtime(as_of),
            "waiting": waiting.count(),
            "reviews": waiting[:SHOWN],
            "now": now,
            "month": [in_words(row) for row in Movement.objects.filter(at__gte=month).totals()],
        }
