"""Disputes: those that wait for an answer, by their deadlines, and what is noted for it."""

from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from donations import money
from donations.finance.common.access import FinancePage, who
from donations.finance.common.paging import page
from donations.models import Dispute

MOST, ROWS = 200, 50


class Disputes(FinancePage):
    template_name = "donations/finance/balance/disputes.html"
    page_title = "Disputes"
    header_icon = "warning"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = Dispute.objects.select_related("contribution__donor", "contribution__checkout")
        found = found.prefetch_related("notes__by")
        waiting = found.filter(status__in=Dispute.NEEDS_RESPONSE)
        others = found.exclude(status__in=Dispute.NEEDS_RESPONSE).order_by("-created_at")
        rows = page(others, self.request.GET, ROWS)
        first = waiting.order_by(F("evidence_due_at").asc(nulls_last=True), "pk")[:MOST]
        return super().get_context_data(**kwargs) | {
            "waiting": [self.row(one) for one in first],
            "others": [self.row(one) for one in rows.rows],
            "page": rows,
            "now": timezone.now(),
        }

    def row(self, dispute: Dispute) -> tuple[Any, ...]:
        stripe = f"{settings.STRIPE_DASHBOARD}/disputes/{dispute.stripe_dispute}"
        amount = money.show(dispute.amount, dispute.currency)
        return dispute, amount, who(dispute.contribution, self.request), stripe
