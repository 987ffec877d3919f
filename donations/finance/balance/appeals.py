"""Appeals, and what each brought so far."""

from typing import Any

from django.db.models import Count, Sum
from wagtail.admin.ui.tables import Column, LiveStatusTagColumn
from wagtail.snippets.views.snippets import IndexView

from donations import money
from donations.finance.common import totals
from donations.models import Contribution


def brought(appeals: list[Any]) -> None:
    """Writes into each what it brought: words, by currency. One query."""
    arrived = Contribution.objects.filter(status__in=Contribution.ARRIVED, appeal__in=appeals)
    rows = totals.in_time(
        lambda: list(
            arrived.order_by()
            .values_list("appeal", "currency")
            .annotate(gifts=Count("pk"), sum=Sum("amount") - Sum("returned"))
            .order_by("appeal", "currency")
        )
    )
    for appeal in appeals:
        mine = [row for row in rows or [] if row[0] == appeal.pk]
        sums = ", ".join(money.show(sum_, currency) for _, currency, _, sum_ in mine)
        appeal.gifts = f"{sum(count for *_, count, _ in mine):,}"
        appeal.brought = sums
        if rows is None:
            appeal.gifts, appeal.brought = "", "too many to add up"


class AppealIndex(IndexView):
    """As Wagtail has it, with what each brought."""

    def get_table(self, object_list: Any) -> Any:
        appeals = list(object_list)
        brought(appeals)
        return super().get_table(appeals)


COLUMNS = [
    "title",
    "language",
    "priority",
    "starts_at",
    "ends_at",
    LiveStatusTagColumn(),
    Column("gifts", label="Contributions"),
    Column("brought", label="Brought, less what went back"),
]
