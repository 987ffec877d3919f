"""Who may open what of finance's, and how its pages begin.

Who gave stays a number to whoever lacks IDENTITIES: names and addresses are in no page of theirs,
no file, and nothing that they find.
"""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from wagtail.admin.ui.tables import Column
from wagtail.permission_policies import ModelPermissionPolicy

from donations.models import Contribution
from newsroom.staff.pages import AdminPage

VIEW = "donations.view_contribution"
VIEW_BOOKS = "donations.view_booking"
IDENTITIES = "donations.view_donor"
EXPLAIN_LINES = "donations.explain_bankline"
DECIDE = "donations.decide_review"
BLOCK_LIST = "donations.change_blockedmark"
RULES = "donations.change_reviewrules"
MAIL_STATEMENTS = "donations.send_statements"
WRITE_NOTES = "donations.add_note"
CHANGE_RECURRING = "donations.change_recurringcontribution"
CHANGE_DONORS = "donations.change_donor"
MERGE_DONORS = "donations.delete_donor"


class FinancePage(AdminPage):
    """A page below “Giving”."""

    header_icon = "pick"
    permission_required = VIEW
    breadcrumbs_items: list[dict[str, Any]] = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("contributions:index"), "label": "Giving"},
    ]


class ReadOnly(ModelPermissionPolicy):
    """Money is written by what Stripe says, never by hand: not even by an administrator."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return "view" in actions and self.user_has_permission(user, "view")


def who(contribution: Contribution, request: HttpRequest) -> str:
    """Their name, for who may know it; else their number."""
    if request.user.has_perm(IDENTITIES):
        return contribution.donor_name
    return f"donor {contribution.donor_id}" if contribution.donor_id else "not known"


class DonorColumn(Column):
    """Who gave the contribution to which the ``accessor`` leads."""

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> Any:
        context = super().get_cell_context_data(instance, parent_context)
        return context | {"value": who(context["raw_value"], parent_context["request"])}
