"""The newest arrangement of the front page is taken back, in favour of the one before.

So once more takes back the taking back. Further back leads Wagtail's history.
"""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from wagtail.admin.auth import require_admin_access
from wagtail.admin.widgets.button import Button
from wagtail.models import PageLogEntry

from newsroom.models import HomePage
from newsroom.models.front import BY_ITSELF
from newsroom.staff.pages import AdminPage

MEANWHILE = (
    "Nothing was taken back: somebody published or locked the page meanwhile. Look once more."
)


def publications(home: HomePage) -> Any:
    """Of its versions, the latest first: who and when."""
    published = PageLogEntry.objects.filter(page=home.pk, action__startswith="wagtail.publish")
    versions = published.exclude(revision=None).select_related("user", "revision")
    return versions.order_by("-timestamp", "-pk")


def newest(home: HomePage) -> PageLogEntry | None:
    return publications(home).filter(revision=home.live_revision_id).first()


def before(home: HomePage) -> PageLogEntry | None:
    """None: then nobody had arranged anything."""
    return publications(home).exclude(revision=home.live_revision_id).first()


def is_possible(user: Any, home: HomePage) -> bool:
    """Is there something to take back, for them, now?"""
    for_them = home.permissions_for_user(user)
    return bool(home.live_revision_id and for_them.can_publish() and not for_them.page_locked())


@transaction.atomic
def take_back(pk: int, seen: str, user: Any) -> bool:
    """``seen``: the version that was to go. Has it gone?"""
    home = HomePage.objects.select_for_update(of=("self",)).get(pk=pk)
    if str(home.live_revision_id) != seen or not is_possible(user, home):
        return False
    earlier = before(home)
    if earlier:
        page = earlier.revision.as_object()
    else:
        page = home
        page.arrangement = [(block["type"], block["value"]) for block in BY_ITSELF]
    page.go_live_at = page.expire_at = None  # its schedule is over
    again = page.save_revision(
        user=user,
        log_action="wagtail.revert",
        previous_revision=earlier.revision if earlier else home.live_revision,
    )
    again.publish(user=user)
    return True


@method_decorator(require_admin_access, name="dispatch")
class TakeBack(AdminPage):
    template_name = "newsroom/front_page/admin/take_back.html"
    page_title = "Take back the newest arrangement"
    header_icon = "undo"

    def has_permission(self) -> bool:
        self.home = get_object_or_404(HomePage)
        return bool(self.home.permissions_for_user(self.request.user).can_publish())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "home": self.home,
            "newest": newest(self.home),
            "before": before(self.home),
            "is_possible": is_possible(self.request.user, self.home),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        if take_back(self.home.pk, request.POST.get("version", ""), request.user):
            messages.success(request, "Taken back: readers see the arrangement before.")
            return redirect("wagtailadmin_pages:edit", self.home.pk)
        messages.error(request, MEANWHILE)
        return redirect("take_back")


def button(page: Any, user: Any, view_name: str, next_url: str | None = None) -> Any:
    home = page.specific_deferred
    if isinstance(home, HomePage) and is_possible(user, home):
        yield Button("Take back …", url=reverse("take_back"), icon_name="undo", priority=57)
