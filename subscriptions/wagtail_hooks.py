"""Where the newsletter shows in the admin."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button

from newsroom.kept_pages.noting import remembered
from newsroom.models import ArticlePage, Box, readable
from newsroom.staff.audited import Audited
from newsroom.staff.pages import ItemFor
from subscriptions import doctor, first_steps, measures, retention
from subscriptions.desk import (
    access,
    actions,
    editor,
    operations,
    report,
    send_article,
    start_page,
    suppressions,
    views,
    words,
)
from subscriptions.desk.readers import access as readers_access
from subscriptions.desk.readers import export, one, overview, segments
from subscriptions.issues import previews
from subscriptions.models import IssuePage, Mailing, NewsletterIndexPage
from subscriptions.models.mailing import APPROVE
from subscriptions.readers import address_change, by_mail
from subscriptions.readers import signup as readers_signup
from subscriptions.readers.due import welcomes
from subscriptions.readers.signup_form import Source
from subscriptions.sending import engine, held
from subscriptions.templatetags import signup
from subscriptions.tracking import inbox
from subscriptions.transfer import importing
from subscriptions.transfer import pages as transfer_pages


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    issue = "newsletters/issue/<int:pk>/"
    return [
        path("newsletters/", require_admin_access(views.Desks.as_view()), name="newsletters"),
        path(
            "newsletters/calls-to-review/",
            require_admin_access(operations.CallsToReview.as_view()),
            name="calls_to_review",
        ),
        path("newsletters/calls-to-review/<uuid:pk>/", operations.decide, name="decide_call"),
        path(
            "newsletters/delivery/",
            require_admin_access(operations.Delivery.as_view()),
            name="mail_delivery",
        ),
        path(
            "newsletters/suppressions/",
            require_admin_access(suppressions.Suppressions.as_view()),
            name="suppressions",
        ),
        path(
            "newsletters/<int:pk>/seeds/",
            require_admin_access(operations.Seeds.as_view()),
            name="seeds",
        ),
        path(
            "newsletters/imports/",
            require_admin_access(transfer_pages.Imports.as_view()),
            name="reader_imports",
        ),
        path(
            "newsletters/imports/<int:pk>/",
            require_admin_access(transfer_pages.Import.as_view()),
            name="reader_import",
        ),
        path(
            "newsletters/imports/<int:pk>/progress/",
            transfer_pages.progress,
            name="reader_import_progress",
        ),
        path(
            "newsletters/imports/<int:pk>/left-out.csv",
            transfer_pages.problems,
            name="reader_import_problems",
        ),
        path(
            "newsletters/imports/<int:pk>/do/<slug:action>/",
            transfer_pages.act,
            name="reader_import_act",
        ),
        path(
            "newsletters/<int:pk>/words/",
            require_admin_access(words.Words.as_view()),
            name="newsletter_words",
        ),
        path(issue, require_admin_access(views.IssueDesk.as_view()), name="issue_desk"),
        path(issue + "preview/<slug:mode>/", views.preview, name="issue_preview"),
        path(issue + "checklist/", views.checklist_part, name="issue_checklist"),
        path(issue + "progress/", views.progress, name="issue_progress"),
        path(issue + "published/", editor.published, name="issue_published"),
        path(issue + "send-now/", actions.send_now, name="issue_send_now"),
        path(issue + "do/<slug:action>/", actions.act, name="issue_act"),
        path(
            issue + "report/",
            require_admin_access(report.IssueReport.as_view()),
            name="issue_report",
        ),
        path(issue + "report.csv", report.as_csv, name="issue_report_csv"),
        path("newsletters/<int:pk>/draft/", actions.draft, name="newsletter_draft"),
        path("newsletters/<int:pk>/skip/", actions.skip, name="newsletter_skip"),
        path("newsletters/mail/<int:pk>/", send_article.mail_it, name="mail_it"),
        path("readers/", require_admin_access(overview.Readers.as_view()), name="readers"),
        path("readers/look-up/", require_admin_access(one.LookUp.as_view()), name="reader_look_up"),
        path(
            "readers/no-mail/",
            require_admin_access(one.NoMail.as_view()),
            name="reader_no_mail",
        ),
        path("readers/add/", require_admin_access(one.Add.as_view()), name="reader_add"),
        path(
            "readers/segments/",
            require_admin_access(segments.Segments.as_view()),
            name="segments",
        ),
        path("readers/segments/<id:pk>/", segments.act, name="segment_act"),
        path(
            "readers/export/",
            require_admin_access(export.Export.as_view()),
            name="readers_export",
        ),
        path("readers/<id:pk>/", one.reader, name="reader"),
        path("readers/<id:pk>/remove/", one.remove, name="reader_remove"),
        path("readers/<id:pk>/erase/", one.erase, name="reader_erase"),
        path("readers/<id:pk>/data/", one.data, name="reader_handover"),
    ]


@hooks.register("audited")
def audited() -> dict[str, Audited]:
    return {
        "suppressions": Audited(
            change="looked up an address, or lifted its suppression",
            why="why",
            names=readers_access.MANAGE,
            shows=True,
        ),
        "reader_look_up": Audited(
            change="looked up a reader", why="why", names=readers_access.MANAGE, shows=True
        ),
        "reader_no_mail": Audited(
            change="wrote down that an address wants no mail",
            why="why",
            names=readers_access.MANAGE,
        ),
        "reader_add": Audited(change="added a reader", why="why", names=readers_access.MANAGE),
        "readers_export": Audited(
            change="exported readers", why="why", names=readers_access.MANAGE, shows=True
        ),
        "segments": Audited(change="made a segment"),
        "segment_act": Audited(change="counted a segment, or put it away"),
        "reader": Audited(look="looked at a reader"),
        "reader_remove": Audited(
            change="took a reader off a list", why="why", names=readers_access.MANAGE
        ),
        "reader_erase": Audited(change="erased a reader", why="why", names=readers_access.MANAGE),
        "reader_handover": Audited(
            change="took a reader’s data away", why="why", names=readers_access.MANAGE, shows=True
        ),
        "seeds": Audited(look="looked at a seed list", change="changed a seed list"),
        "mail_delivery": Audited(change="changed how fast mail is sent, or sent a test"),
        "reader_imports": Audited(change="uploaded a list of readers"),
        "reader_import": Audited(
            look="looked at an import of readers", change="said what a list of readers is"
        ),
        "reader_import_act": Audited(change="imported readers, undid it, or gave it up"),
        "decide_call": Audited(change="decided a call in doubt"),
    }


@hooks.register("register_admin_viewset")
def viewset() -> editor.IssueViewSet:
    return editor.IssueViewSet()


@hooks.register("register_admin_menu_item")
def menu_item() -> MenuItem:
    return ItemFor(
        "Newsletters", reverse("newsletters"), icon_name="mail", order=200, permission=access.VIEW
    )


@hooks.register("register_admin_menu_item")
def readers_menu_item() -> MenuItem:
    return ItemFor(
        "Readers", reverse("readers"), icon_name="group", order=210, permission=readers_access.SEE
    )


@hooks.register("construct_homepage_panels")
def issues_panel(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm(access.VIEW):
        panels.append(start_page.IssuesPanel())


@hooks.register("register_page_header_buttons")
def header_button(page: Any, user: Any, view_name: str, next_url: str | None = None) -> Any:
    if isinstance(page.specific_deferred, IssuePage):
        if view_name != "edit":  # there it stands in sight
            url = reverse("issue_desk", args=[page.pk])
            yield Button("Check, approve, send", url=url, icon_name="mail", priority=5)
    elif may_be_mailed(page, user):
        url = reverse("mail_it", args=[page.pk])
        yield Button("Mail it", url=url, icon_name="mail", priority=60)


def may_be_mailed(page: Any, user: Any) -> bool:
    article = isinstance(page.specific_deferred, ArticlePage)
    return bool(article and page.live and user.has_perm(APPROVE))


@hooks.register("register_page_listing_buttons")
def listing_button(page: Any, user: Any, next_url: str | None = None) -> Any:
    if isinstance(page.specific_deferred, IssuePage):
        url = reverse("issue_desk", args=[page.pk])
        yield Button("Desk", url=url, icon_name="mail", priority=5)


@hooks.register("before_delete_page")
def keep_what_was_approved(request: HttpRequest, page: Any) -> HttpResponse | None:
    """An issue that was approved or sent stays: its mailing is what readers got."""
    kept = Mailing.objects.filter(issue__path__startswith=page.path)
    if request.method == "POST" and kept.exists():
        messages.error(
            request,
            "An issue that was approved or sent can't be deleted. Unpublish it instead.",
        )
        return redirect("wagtailadmin_explore", page.get_parent().pk)
    return None


# --- On the site's own pages ----------------------------------------------------------------


hooks.register("first_site", first_steps.part)
hooks.register("first_steps", first_steps.steps)
hooks.register("doctor", doctor.checks)
hooks.register("retention", retention.kept)
for tell in measures.TELLERS:
    hooks.register("metrics", tell)
hooks.register("personal_data", retention.places)
hooks.register("provider_events", inbox.take_in)
hooks.register("asked_signup", readers_signup.asked)
hooks.register("asked_address", address_change.asked)
hooks.register("hold_begins", held.hold_back)
hooks.register("hold_gathers", welcomes.post_all_due)
hooks.register("held_items", held.items)
hooks.register("hold_goes_on", held.go_on)
hooks.register("replica_took_over", held.ask_about_next)
hooks.register("closing_stops", engine.stop_mailings)
hooks.register("closing_destroys", importing.destroy_files)
hooks.register("left_while_closed", by_mail.leave_by_tokens)


@hooks.register("shown_on_pages")
def shown() -> list[str]:
    return [f"subscriptions.{name}" for name in ("NewsletterIndexPage", "Newsletter", "IssuePage")]


@hooks.register("article_boxes", order=100)
def box_below_article(context: dict[str, Any]) -> str:
    return signup_box(context, Source.BOX) if asks(context) else ""


def box_on_front_page(context: dict[str, Any]) -> str:
    return signup_box(context, Source.FRONT)


hooks.register("front_page_boxes", Box("signup", "Sign-up for the newsletter", box_on_front_page))


@hooks.register("footer_boxes")
def form_in_footer(context: dict[str, Any]) -> str:
    """A short one: it leads to the page that asks which newsletters, and for the consent."""
    if not readers_signup.is_offered(context.get("masthead")) or not asks(context):
        return ""
    return render_to_string("subscriptions/readers/signup_footer.html")


def asks(context: dict[str, Any]) -> bool:
    """Not on an obituary (newsroom/models/article/page.py)."""
    return getattr(context.get("page"), "asks_for_support", True)


def signup_box(context: dict[str, Any], source: str) -> str:
    """Where a newsletter is not what the page is about, a closed one has no box."""
    box = signup.signup_box(context, source=source)
    if box["closed"] or not box["newsletter"]:
        return ""
    return render_to_string("subscriptions/readers/signup_box.html", box)


@remembered
def newsletter_index() -> NewsletterIndexPage | None:
    return readable(NewsletterIndexPage.objects).first()


@hooks.register("section_links")
def newsletters_link() -> dict[str, str | Promise] | None:
    """To their index, wherever it is, once it has something."""
    index = newsletter_index()
    if index is None or not index.url or not readers_signup.offered():
        return None
    return {"url": index.url, "label": _("Newsletter")}


@hooks.register("issue_previews")
def issue_previews() -> Any:
    return previews
