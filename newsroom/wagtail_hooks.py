"""What the admin shows of publishing, and to whom."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import include, path, reverse
from django.utils.html import format_html, format_html_join
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.account import AvatarSettingsPanel
from wagtail.admin.widgets.button import Button

from newsroom import measures, retention
from newsroom.editing import article_checklist, preview_links, privacy, redirect_form
from newsroom.editing.article_checklist import ArticleViewSet
from newsroom.editing.start_page import WritePanel
from newsroom.first_steps import pages as first_steps
from newsroom.first_steps import site, steps
from newsroom.front_page import take_back
from newsroom.live import desk
from newsroom.models import ArticlePage, HomePage, Kind
from newsroom.models.front.topics import TOPICS
from newsroom.panic import travel
from newsroom.panic import views as emergency
from newsroom.pictures.beside import beside
from newsroom.pictures.desk import CreditAction, PictureDesk
from newsroom.publishing import redirects
from newsroom.publishing.rich_text import LinkToDocument, LinkToPage, NoPicture, NoVideo
from newsroom.release import after_restore, mails, pages, start_page
from newsroom.staff import password_reset, security
from newsroom.staff.pages import AuditLog, ItemFor
from newsroom.web import exports, starters, typed_times

starters.install()
exports.install()
typed_times.install()
redirects.install()
redirect_form.install()
privacy.install()
AvatarSettingsPanel.is_active = lambda panel: False  # nobody's face is kept
hooks.register("first_site", site.own_part, order=-1)
hooks.register("first_steps", steps.own_steps, order=-1)
hooks.register("first_steps", steps.last_steps, order=2)
hooks.register("stops_article", article_checklist.what_stops)
hooks.register("retention", retention.kept)
for tell in measures.TELLERS:
    hooks.register("metrics", tell)
hooks.register("personal_data", retention.places)
hooks.register("asked_password_reset", password_reset.asked)
hooks.register("register_account_menu_item", security.account_link)
hooks.register("register_account_menu_item", travel.account_link)
hooks.register("hold_begins", after_restore.hold_back)
hooks.register("held_items", after_restore.gathering, order=-1)
hooks.register("held_items", mails.held_mails, order=10)
hooks.register("held_items", mails.held_requests, order=10)
hooks.register("register_settings_menu_item", emergency.menu_item)
hooks.register("register_page_header_buttons", take_back.button)
hooks.register("register_admin_viewset", lambda: TOPICS)
hooks.register("register_bulk_action", CreditAction)


@hooks.register("register_rich_text_features", order=10)  # after Wagtail’s own
def what_texts_refer_to(features: Any) -> None:
    features.register_link_type(LinkToPage)
    features.register_link_type(LinkToDocument)
    features.register_embed_type(NoPicture)
    features.register_embed_type(NoVideo)


@hooks.register("before_edit_page")
def say_what_is_gone(request: HttpRequest, page: Any) -> None:
    if request.method == "GET" and (gone := getattr(page, "gone", ())):
        words = "Since this version was saved, what it refers to was deleted. Left out: "
        messages.warning(request, f"{words}{', '.join(gone)}.")


@hooks.register("before_edit_page")
def say_what_is_pinned_in_vain(request: HttpRequest, page: Any) -> None:
    if request.method == "GET" and isinstance(page, HomePage) and (titles := page.waiting()):
        words = "Pinned, but readers can’t open it now, so the rule fills its place: "
        messages.warning(request, words + ", ".join(f"“{title}”" for title in titles))


@hooks.register("shown_on_pages")
def shown() -> list[str]:
    """Models whose rows stand on readers' pages (newsroom/kept_pages/changes.py)."""
    pages = ["HomePage", "SectionPage", "TextPage", "PolicyPage", "ArticlePage"]
    parts = ["ArticleByline", "ArticleTag", "Correction", "RelatedArticle", "Masthead"]
    parts += ["LiveBlog", "LiveEntry", "WhoPublishes"]
    wagtails = ["wagtailcore.Page", "wagtailcore.PageViewRestriction", "wagtailcore.Site"]
    others = ["Hold"]  # the database is another one, with other pages
    return [*wagtails, *(f"newsroom.{name}" for name in (*pages, *parts, *others))]


@hooks.register("referred_to_by_pages")
def referred() -> list[str]:
    names = ["Author", "Series", "CreditedImage", "CreditedRendition", "Attachment"]
    return ["taggit.Tag", *(f"newsroom.{name}" for name in names)]


@hooks.register("register_admin_viewset")
def articles() -> ArticleViewSet:
    return ArticleViewSet()


@hooks.register("register_settings_menu_item")
def sign_in_item() -> MenuItem:
    return MenuItem("Sign-in and sessions", reverse("security"), icon_name="lock", order=50)


@hooks.register("register_admin_urls", order=-1)  # in place of Wagtail's list
def picture_urls() -> list[Any]:
    results = PictureDesk.as_view(results_only=True)
    return [
        path("images/", PictureDesk.as_view(), name="picture_desk"),
        path("images/results/", results, name="picture_desk_results"),
        path("pictures/<int:pk>/beside/", beside, name="picture_beside"),
    ]


@hooks.register("register_settings_menu_item")
def travel_item() -> MenuItem:
    return ItemFor(
        "Travel mode", reverse("travel"), icon_name="globe", order=60, permission=travel.MAY_END
    )


@hooks.register("register_admin_urls")
def urls() -> list[Any]:
    steps_page = require_admin_access(first_steps.FirstSteps.as_view())
    # Wagtail’s page tree links to its list of sites. Ours has one, which follows BASE_URL.
    sites = [path("", steps_page, name="index")]
    return [
        path("preview-links/<int:pk>/", preview_links.preview_links, name="preview_links"),
        path("live/<int:pk>/", desk.live_desk, name="live_desk"),
        path("live/<int:pk>/<int:entry>/", desk.live_entry, name="live_entry"),
        path("front-page/take-back/", take_back.TakeBack.as_view(), name="take_back"),
        path("first-steps/", steps_page, name="first_steps"),
        path("sites/", include((sites, "wagtailsites"))),
        path("emergency/", require_admin_access(emergency.Emergency.as_view()), name="emergency"),
        path("travel/", require_admin_access(travel.Travel.as_view()), name="travel"),
        path("audit/", AuditLog.as_view(), name="audit_log"),
        path("after-restore/", pages.AfterRestore.as_view(), name="after_restore"),
        path("after-restore/decide/", pages.decide, name="decide_after_restore"),
        path("audit/results/", AuditLog.as_view(results_only=True), name="audit_log_results"),
    ]


@hooks.register("register_page_header_buttons")
def preview_button(page: Any, user: Any, view_name: str, next_url: str | None = None) -> Any:
    if isinstance(page.specific_deferred, ArticlePage):
        url = reverse("preview_links", args=[page.pk])
        yield Button("Preview links", url=url, icon_name="link-external", priority=55)
        if page.specific_deferred.kind == Kind.LIVE:
            url = reverse("live_desk", args=[page.pk])
            yield Button("Live", url=url, icon_name="time", priority=10)


@hooks.register("register_settings_menu_item")
def first_steps_item() -> MenuItem:
    url = reverse("first_steps")
    return ItemFor("First steps", url, icon_name="list-ol", order=40, permission=first_steps.MAY)


@hooks.register("construct_homepage_panels")
def first_steps_panel(request: HttpRequest, panels: list[Any]) -> None:
    if panel := first_steps.panel_for(request.user):
        panels.append(panel)


@hooks.register("register_reports_menu_item")
def audit_item() -> MenuItem:
    return ItemFor(
        "Audit log",
        reverse("audit_log"),
        icon_name="history",
        order=100,
        permission="accounts.view_auditentry",
    )


@hooks.register("register_reports_menu_item")
def after_restore_item() -> MenuItem:
    url = reverse("after_restore")
    return ItemFor("After a restore", url, icon_name="warning", order=110, permission=pages.DECIDE)


@hooks.register("construct_homepage_panels")
def panels_of_everybody(request: HttpRequest, panels: list[Any]) -> None:
    panels += [start_page.HoldPanel(), WritePanel()]


@hooks.register("insert_global_admin_css")
def style() -> str:
    addresses = ((static(f"newsroom/{name}.css"),) for name in ("admin", "pictures"))
    return format_html_join("", '<link rel="stylesheet" href="{}">', addresses)


@hooks.register("insert_global_admin_js")
def scripts() -> str:
    addresses = ((static(f"newsroom/{name}.js"),) for name in ("admin", "autosave"))
    return format_html_join("", '<script src="{}"></script>', addresses)


@hooks.register("insert_global_admin_js")
def pictures_beside() -> str:
    tag = '<script src="{}" data-beside="{}"></script>'
    return format_html(tag, static("newsroom/pictures.js"), reverse("picture_beside", args=[0]))


@hooks.register("insert_global_admin_js")
def sign_in_again() -> str:
    return format_html(
        '<script src="{}" data-state="{}" data-sign-in="{}"></script>',
        static("newsroom/sign_in_again.js"),
        reverse("sign_in_state"),
        reverse("wagtailadmin_login"),
    )
