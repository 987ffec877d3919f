"""What finance sees in the admin: contributions to read, appeals to write."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.permissions import register_permission_policy
from wagtail.signals import unpublished
from wagtail.snippets.views.snippets import SnippetViewSet

from donations import doctor, first_steps, measures, retention
from donations.asking import reminders, supporters, times_shown
from donations.asking.experiments import running
from donations.finance import (
    contribution,
    contributions,
    experiments,
    held,
    later,
    movements,
    start_page,
)
from donations.finance import urls as finance_urls
from donations.finance.balance import appeals, bank, months, payouts
from donations.finance.common import access
from donations.finance.regular import lists, one
from donations.giving import ask_box, portal
from donations.models import (
    Appeal,
    Contribution,
    Country,
    Movement,
    Payout,
    RecurringContribution,
    Review,
)
from newsroom.models import Box
from newsroom.staff.audited import Audited, crud

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
            FinanceItem("How giving goes", reverse("giving_numbers"), icon_name="history", order=0),
            FinanceItem("Disputes", reverse("disputes"), icon_name="warning", order=450),
            LedgerItem("Ledger", reverse("books"), icon_name="table", order=460),
        ]
        return [*found, *others, StatementsItem("Statements", reverse("statements"), order=470)]


class FinanceItem(MenuItem):
    permission = access.VIEW

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)


class LedgerItem(FinanceItem):
    permission = "donations.view_booking"


class StatementsItem(FinanceItem):
    permission = access.MAIL_STATEMENTS


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    return finance_urls.urlpatterns


hooks.register("supporters", supporters.of_the_list)
hooks.register("asks_shown", times_shown.since)


@hooks.register("audited")
def audited() -> dict[str, Audited]:
    return {
        **crud("appeals", "an appeal"),
        **crud("countries", "a closed country"),
        **crud("experiments", "an experiment"),
        "experiments:inspect": Audited(look="looked at an experiment"),
        "begin_experiment": Audited(change="began an experiment, or asked to"),
        "stop_experiment": Audited(change="stopped an experiment, or asked to", why="goes_on"),
        "contributions:index": Audited(look="listed contributions"),
        "contributions:index_results": Audited(look="listed contributions"),
        "movements:index": Audited(look="listed movements of money"),
        "movements:index_results": Audited(look="listed movements of money"),
        "contributions:inspect": Audited(look="looked at a contribution"),
        "later": Audited(look="looked at what “later” is worth"),
        "regular:index": Audited(look="listed recurring contributions"),
        "regular:index_results": Audited(look="listed recurring contributions"),
        "regular:inspect": Audited(look="looked at a recurring contribution"),
        "change_regular": Audited(
            change="changed what a donor gives regularly, or asked to", why="why", shows=True
        ),
        "find_gift": Audited(change="looked for a gift", shows=True),
        "donor": Audited(look="looked at a donor"),
        "correct_address": Audited(change="corrected a donor’s address", why="why"),
        "merge_donors": Audited(change="merged donors, or asked to", why="why", shows=True),
        "mail_donor": Audited(change="mailed a donor a receipt or a statement"),
        "statement_of": Audited(look="downloaded a donor’s statement"),
        "receipt_of": Audited(look="downloaded a receipt"),
        "write_note": Audited(change="wrote a note"),
        "disputes": Audited(look="listed disputes"),
        "reviews": Audited(look="listed what is to review"),
        "refund": Audited(change="gave money back, or asked to", why="reason"),
        "bank": Audited(look="looked at the bank’s lines", change="brought a bank statement"),
        "bank_line": Audited(look="looked at a line of the bank’s"),
        "explain_bank_line": Audited(change="explained a line of the bank’s", why="do"),
        "offline_gift": Audited(change="wrote down a gift without Stripe"),
        "offline_gift_back": Audited(change="wrote down that a gift went back"),
        "offline_document": Audited(look="took a gift’s document"),
        "months": Audited(look="looked at the months of the books"),
        "close_month": Audited(change="closed a month of the books"),
        "year_report": Audited(look="took a report of a year"),
        "month_statement": Audited(look="took a month’s statement"),
        "month_journal": Audited(look="took a month’s journal"),
        # Why stands in the review's own history: auditors read this log, and no names.
        "review": Audited(look="looked at a review"),
        "decide_review": Audited(change="decided a review, or asked to", shows=True),
        "answer_review": Audited(change="approved or declined what was proposed"),
        "own_review": Audited(change="took a review, gave it back or handed it over"),
        "note_review": Audited(change="wrote a note beside a review"),
        "statements_preview": Audited(look="looked at a donor’s statement"),
        "statements_send": Audited(change="mailed a year’s statements, or asked to", shows=True),
        "statements_again": Audited(change="mailed statements that had failed again"),
        "block_list": Audited(
            look="looked at the block list", change="put something on the block list"
        ),
        "unblock": Audited(change="took something off the block list"),
    }


class ReviewMenuItem(MenuItem):
    """With the number of those that wait."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(access.VIEW)

    def render_component(self, request: HttpRequest) -> Any:
        component = super().render_component(request)
        if waiting := Review.objects.waiting().count():
            component.label = f"{self.label} ({waiting})"
        return component


@hooks.register("register_admin_menu_item")
def review_item() -> MenuItem:
    return ReviewMenuItem("Review", reverse("reviews"), icon_name="warning", order=260)


class ItemFor(MenuItem):
    """In the menu of those who may."""

    def __init__(self, *args: Any, permission: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)


@hooks.register("register_admin_menu_item")
def bank_item() -> MenuItem:
    url = reverse("bank")
    return ItemFor("Bank", url, permission=bank.EXPLAIN, icon_name="home", order=261)


@hooks.register("register_admin_menu_item")
def months_item() -> MenuItem:
    url = reverse("months")
    return ItemFor("Months", url, permission=months.VIEW, icon_name="calendar-check", order=262)


@hooks.register("register_reports_menu_item")
def later_item() -> MenuItem:
    url = reverse("later")
    title = "What “later” is worth"
    return ItemFor(title, url, permission=later.SEE, icon_name="history", order=900)


@hooks.register("construct_homepage_panels")
def finance_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm(access.VIEW):
        panels.append(start_page.FinancePanel())


@hooks.register("register_admin_viewset")
def giving() -> Any:
    return GivingGroup()


# --- On the site's own pages ----------------------------------------------------------------


hooks.register("article_boxes", ask_box.ask_box, order=200)
hooks.register("issue_boxes", ask_box.ask_box)
hooks.register("appeal_preview", lambda: ask_box.preview)
hooks.register("banners", ask_box.banner)
hooks.register(
    "front_page_boxes", Box(ask_box.BOX, "Appeal for support", ask_box.ask_box, below=False)
)
hooks.register("page_variant", ask_box.variant)
hooks.register("first_site", first_steps.part, order=1)
hooks.register("first_steps", first_steps.steps, order=1)
hooks.register("doctor", doctor.checks)
hooks.register("retention", retention.kept)
for tell in measures.TELLERS:
    hooks.register("metrics", tell)
hooks.register("personal_data", retention.places)
hooks.register("asked_reminder", reminders.asked)
hooks.register("hold_begins", held.hold_back)
hooks.register("hold_gathers", held.gather)
hooks.register("held_items", held.items)
hooks.register("asked_manage_link", portal.asked_for_link)


@hooks.register("shown_on_pages")
def shown() -> list[str]:
    models = ("Appeal", "AppealAmounts", "AskedOn", "Country", "Experiment", "Variant")
    return [f"donations.{model}" for model in models]


hooks.register("pages_until", Appeal.objects.next_change)


@receiver([unpublished, pre_delete], sender=Appeal)
def appeal_goes(instance: Appeal, **_more: Any) -> None:
    running.ends_without(instance, timezone.now())


@hooks.register("page_scripts")
def giving_script() -> str:
    return "donations/give.js"


@hooks.register("masthead_links")
@hooks.register("footer_links")
def support_link() -> dict[str, str | Promise] | None:
    if not Appeal.has_begun():
        return None
    return {"url": reverse("support"), "label": _("Support us")}


@hooks.register("footer_links", order=1)
def portal_link() -> dict[str, str | Promise] | None:
    if not Appeal.has_begun():
        return None
    return {"url": reverse("manage_request"), "label": _("Your contributions")}


@hooks.register("issue_feet")
def issue_foot() -> str | None:
    return "donations/email/issue_foot" if Appeal.has_begun() else None
