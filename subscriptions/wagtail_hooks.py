"""Where the newsletter shows in the admin."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button

from newsroom.models import ArticlePage
from subscriptions import breaking, delivery_desk, desk, desk_actions, issue_editor, report
from subscriptions.models import IssuePage, Mailing


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    issue = "newsletters/issue/<int:pk>/"
    return [
        path("newsletters/", require_admin_access(desk.Desks.as_view()), name="newsletters"),
        path(
            "newsletters/doubts/",
            require_admin_access(delivery_desk.Doubts.as_view()),
            name="doubts",
        ),
        path("newsletters/doubts/<uuid:pk>/", delivery_desk.decide, name="decide_doubt"),
        path(
            "newsletters/delivery/",
            require_admin_access(delivery_desk.Delivery.as_view()),
            name="mail_delivery",
        ),
        path(
            "newsletters/<int:pk>/seeds/",
            require_admin_access(delivery_desk.Seeds.as_view()),
            name="seeds",
        ),
        path(issue, require_admin_access(desk.IssueDesk.as_view()), name="issue_desk"),
        path(issue + "preview/<slug:mode>/", desk.preview, name="issue_preview"),
        path(issue + "checklist/", desk.checklist, name="issue_checklist"),
        path(issue + "progress/", desk.progress, name="issue_progress"),
        path(issue + "published/", issue_editor.published, name="issue_published"),
        path(issue + "send-now/", desk_actions.send_now, name="issue_send_now"),
        path(issue + "do/<slug:action>/", desk_actions.act, name="issue_act"),
        path(
            issue + "report/",
            require_admin_access(report.IssueReport.as_view()),
            name="issue_report",
        ),
        path(issue + "report.csv", report.as_csv, name="issue_report_csv"),
        path("newsletters/<int:pk>/draft/", desk_actions.draft, name="newsletter_draft"),
        path("newsletters/<int:pk>/skip/", desk_actions.skip, name="newsletter_skip"),
        path("newsletters/mail/<int:pk>/", breaking.mail_it, name="mail_it"),
    ]


@hooks.register("register_admin_viewset")
def viewset() -> issue_editor.IssueViewSet:
    return issue_editor.IssueViewSet()


class NewslettersMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.view_mailing")


@hooks.register("register_admin_menu_item")
def menu_item() -> MenuItem:
    return NewslettersMenuItem("Newsletters", reverse("newsletters"), icon_name="mail", order=200)


@hooks.register("register_page_header_buttons")
def header_button(page: Any, user: Any, view_name: str, next_url: str | None = None) -> Any:
    if isinstance(page.specific_deferred, IssuePage):
        url = reverse("issue_desk", args=[page.pk])
        yield Button("Check, approve, send", url=url, icon_name="mail", priority=5)
    elif may_be_mailed(page, user):
        url = reverse("mail_it", args=[page.pk])
        yield Button("Mail it", url=url, icon_name="mail", priority=60)


def may_be_mailed(page: Any, user: Any) -> bool:
    article = isinstance(page.specific_deferred, ArticlePage)
    return bool(article and page.live and user.has_perm(desk.APPROVE))


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
