"""What finance's lists of contributions and of movements share."""

from typing import Any

from wagtail.admin.views import generic
from wagtail.permission_policies import ModelPermissionPolicy

from donations import money
from donations.models import Contribution

VIEW = "donations.view_contribution"


class ReadOnly(ModelPermissionPolicy):
    """Money is written by what Stripe says, never by hand: not even by an administrator."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return "view" in actions and self.user_has_permission(user, "view")


class LedgerIndex(generic.IndexView):
    """A list of what nobody edits."""

    def _annotate_queryset_updated_at(self, queryset: Any) -> Any:
        return queryset  # there is no log to ask


def currencies() -> list[tuple[str, str]]:
    """Those that anything was given in: more than we offer, since what is imported has others."""
    found = Contribution.objects.order_by("currency").values_list("currency", flat=True)
    return [(code, code.upper()) for code in found.distinct()]


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row of totals as the page shows it."""
    names = ("received", "returned", "left")
    amounts = {name: money.signed(row[name], row["currency"]) for name in names}
    return row | amounts | {"code": row["currency"].upper()}
