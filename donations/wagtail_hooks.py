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
from wagtail.signals import unpublished

from donations import doctor, first_steps, measures, retention
from donations.asking import may_ask, reminders, supporters, times_shown
from donations.asking.experiments import running
from donations.finance import held, menu, start_page
from donations.finance import urls as finance_urls
from donations.finance.audited import AUDITED
from donations.finance.common import access
from donations.giving import ask_box, portal
from donations.models import Appeal
from newsroom.models import Box


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    return finance_urls.urlpatterns


hooks.register("register_admin_menu_item", menu.review)
hooks.register("register_admin_menu_item", menu.bank_lines)
hooks.register("register_admin_menu_item", menu.months_of_books)
hooks.register("register_reports_menu_item", menu.worth_of_later)
hooks.register("register_admin_viewset", menu.GivingGroup)
hooks.register("audited", lambda: AUDITED)
hooks.register("supporters", supporters.of_the_list)
hooks.register("not_asked", may_ask.not_asked_on_the_list)
hooks.register("asks_shown", times_shown.since)


@hooks.register("construct_homepage_panels")
def finance_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm(access.VIEW):
        panels.append(start_page.FinancePanel())


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
