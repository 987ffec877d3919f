"""What the admin shows of publishing, and to whom."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.account import AvatarSettingsPanel
from wagtail.admin.widgets.button import Button

from newsroom import measures, retention
from newsroom.editing import preview_links, privacy
from newsroom.editing.article_checklist import ArticleViewSet
from newsroom.models import ArticlePage
from newsroom.publishing.rich_text import LinkToPage
from newsroom.staff import password_reset, security
from newsroom.staff.pages import AuditLog
from newsroom.web import exports, starters

starters.install()
exports.install()
privacy.install()
AvatarSettingsPanel.is_active = lambda panel: False  # nobody's face is kept
hooks.register("retention", retention.kept)
for tell in measures.TELLERS:
    hooks.register("metrics", tell)
hooks.register("personal_data", retention.places)
hooks.register("asked_password_reset", password_reset.asked)
hooks.register("register_account_menu_item", security.account_link)


@hooks.register("register_rich_text_features", order=10)  # after Wagtail’s own
def link_to_pages(features: Any) -> None:
    features.register_link_type(LinkToPage)


@hooks.register("before_edit_page")
def say_what_is_gone(request: HttpRequest, page: Any) -> None:
    if request.method == "GET" and (gone := getattr(page, "gone", ())):
        words = "Since this version was saved, what it refers to was deleted. Left out: "
        messages.warning(request, f"{words}{', '.join(gone)}.")


@hooks.register("register_admin_viewset")
def articles() -> ArticleViewSet:
    return ArticleViewSet()


@hooks.register("register_settings_menu_item")
def sign_in_item() -> MenuItem:
    return MenuItem("Sign-in and sessions", reverse("security"), icon_name="lock", order=50)


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    return [
        path("preview-links/<int:pk>/", preview_links.preview_links, name="preview_links"),
        path("audit/", AuditLog.as_view(), name="audit_log"),
        path("audit/results/", AuditLog.as_view(results_only=True), name="audit_log_results"),
    ]


@hooks.register("register_page_header_buttons")
def preview_button(page: Any, user: Any, view_name: str, next_url: str | None = None) -> Any:
    if isinstance(page.specific_deferred, ArticlePage):
        url = reverse("preview_links", args=[page.pk])
        yield Button("Preview links", url=url, icon_name="link-external", priority=55)


class AuditMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.view_auditentry")


@hooks.register("register_reports_menu_item")
def audit_item() -> MenuItem:
    return AuditMenuItem("Audit log", reverse("audit_log"), icon_name="history", order=100)


@hooks.register("insert_global_admin_css")
def style() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("newsroom/admin.css"))


@hooks.register("insert_global_admin_js")
def start_widgets() -> str:
    return format_html('<script src="{}"></script>', static("newsroom/admin.js"))


@hooks.register("insert_global_admin_js")
def sign_in_again() -> str:
    return format_html(
        '<script src="{}" data-state="{}" data-sign-in="{}"></script>',
        static("newsroom/sign_in_again.js"),
        reverse("sign_in_state"),
        reverse("wagtailadmin_login"),
    )
