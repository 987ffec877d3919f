"""Finance's part of the admin: its lists, its menu."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.permissions import register_permission_policy
from wagtail.snippets.views.snippets import SnippetViewSet

from donations.finance import contribution, contributions, experiments, later
from donations.finance.balance import appeals, movements, payouts
from donations.finance.common import access
from donations.finance.regular import lists, one
from donations.models import (
    Appeal,
    Contribution,
    Country,
    Movement,
    Payout,
    RecurringContribution,
    Review,
)
from newsroom.staff.pages import ItemFor

for model in (Contribution, Movement, Payout, RecurringContribution):
    register_permission_policy(model, access.ReadOnly(model))


class LedgerViewSet(ModelViewSet):
    """Read, filtered, exported; written by nobody."""

    copy_view_enabled = False
    add_to_reference_index = False
    form_fields: list[str] = []
    list_per_page = 50


class ContributionViewSet(LedgerViewSet):
    model = Contribution
    icon = "list-ul"
    menu_label = "Contributions"
    index_view_class = contributions.ContributionIndex
    inspect_view_class = contribution.ContributionPage
    inspect_view_enabled = True
    inspect_template_name = "donations/finance/contribution.html"
    index_results_template_name = "donations/finance/contributions_results.html"
    list_display = contributions.COLUMNS
    list_export = list(contributions.EXPORT)
    export_headings = contributions.EXPORT
    export_filename = "contributions"
    filterset_class = contributions.ContributionFilters


class MovementViewSet(LedgerViewSet):
    model = Movement
    icon = "calendar-alt"
    menu_label = "Movements"
    index_view_class = movements.MovementIndex
    index_results_template_name = "donations/finance/movements_results.html"
    list_display = movements.COLUMNS
    list_export = list(movements.EXPORT)
    export_headings = movements.EXPORT
    export_filename = "movements"
    filterset_class = movements.MovementFilters


class RegularViewSet(LedgerViewSet):
    model = RecurringContribution
    icon = "rotate"
    menu_label = "Given regularly"
    index_view_class = lists.RegularIndex
    inspect_view_class = one.RegularPage
    inspect_view_enabled = True
    inspect_template_name = "donations/finance/regular/one.html"
    list_display = lists.COLUMNS


class PayoutViewSet(LedgerViewSet):
    model = Payout
    icon = "download"
    menu_label = "Payouts"
    index_view_class = payouts.PayoutIndex
    inspect_view_class = payouts.PayoutPage
    inspect_view_enabled = True
    inspect_template_name = "donations/finance/balance/payout.html"
    list_display = payouts.COLUMNS


class AppealViewSet(SnippetViewSet):
    model = Appeal
    icon = "pick"
    menu_label = "Appeals"
    index_view_class = appeals.AppealIndex
    list_display = appeals.COLUMNS
    url_namespace = url_prefix = "appeals"
    menu_item_is_registered = True  # in “Giving”, so that “Snippets” is not shown for it


class CountryViewSet(ModelViewSet):
    model = Country
    icon = "site"
    menu_label = "Countries"
    list_display = ["name", "code"]
    copy_view_enabled = False


OTHER_PAGES = [
    ("How giving goes", "giving_numbers", access.VIEW, "history", 0),
    ("Disputes", "disputes", access.VIEW, "warning", 450),
    ("Ledger", "books", access.VIEW_BOOKS, "table", 460),
    ("Statements", "statements", access.MAIL_STATEMENTS, "mail", 470),
]


class GivingGroup(ModelViewSetGroup):
    menu_label = "Giving"
    menu_icon = "pick"
    menu_order = 250
    items = (
        ContributionViewSet("contributions"),
        RegularViewSet("regular"),
        MovementViewSet("movements"),
        PayoutViewSet("payouts"),
        AppealViewSet(),
        experiments.ExperimentViewSet("experiments"),
        CountryViewSet("countries"),
    )

    def get_submenu_items(self) -> list[MenuItem]:
        """With pages that list no model."""
        found = super().get_submenu_items()
        others = [
            ItemFor(label, reverse(name), permission=permission, icon_name=icon, order=order)
            for label, name, permission, icon, order in OTHER_PAGES
        ]
        return [*found, *others]


class ReviewItem(ItemFor):
    """With the number of those that wait."""

    def render_component(self, request: HttpRequest) -> Any:
        component = super().render_component(request)
        if waiting := Review.objects.waiting().count():
            component.label = f"{self.label} ({waiting})"
        return component


def review() -> MenuItem:
    url = reverse("reviews")
    return ReviewItem("Review", url, permission=access.VIEW, icon_name="warning", order=260)


def bank_lines() -> MenuItem:
    url = reverse("bank")
    return ItemFor("Bank", url, permission=access.EXPLAIN_LINES, icon_name="home", order=261)


def months_of_books() -> MenuItem:
    url = reverse("months")
    return ItemFor(
        "Months", url, permission=access.VIEW_BOOKS, icon_name="calendar-check", order=262
    )


def worth_of_later() -> MenuItem:
    url, title = reverse("later"), "What “later” is worth"
    return ItemFor(title, url, permission=later.SEE, icon_name="history", order=900)
