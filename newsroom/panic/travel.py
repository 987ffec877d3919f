"""Travel mode: at a border a colleague may be made to open the admin. Then it shows no people, no
money and no draft, and it is not in their hands to end that: a colleague with the right does.

What they may open stands in gate.py (``WHILE_TRAVELLING``), which lets nothing else through,
whatever it is. No mail about work goes to them (``StaffManager.with_perm``).
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageSubscription

from newsroom.accounts import audit, sessions
from newsroom.accounts.models import User
from newsroom.core.paths import number_of
from newsroom.models import PreviewLink
from newsroom.staff.gate import needs_fresh_proof
from newsroom.staff.pages import AdminPage

MAY_END = "accounts.change_user"
ALONE = "Nobody else could end it: ask for another administrator first."


class NobodyElse(Exception):
    """Who travels would be locked out for good."""


def begin(user: User, by: str) -> None:
    """Signed out everywhere; links that they may remember are dead. Raises NobodyElse."""
    with transaction.atomic():
        staying = list(User.objects.with_perm(MAY_END).select_for_update().order_by("pk"))
        if all(one == user for one in staying):
            raise NobodyElse
        User.objects.filter(pk=user.pk, travels_since=None).update(
            travels_since=timezone.localdate()
        )
        user.sessions.all().delete()
        now = timezone.now()
        PreviewLink.objects.open(now).filter(made_by=user).update(ends_at=now)
        PageSubscription.objects.filter(user=user).delete()  # Wagtail's mails of comments
        audit.record(by, f"travel mode begins for “{user.get_username()}”"[:120], f"user {user.pk}")


def end(user: User, by: str) -> None:
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(travels_since=None)
        user.sessions.all().delete()
        audit.record(by, f"travel mode ends for “{user.get_username()}”"[:120], f"user {user.pk}")


def travelling(request: HttpRequest) -> HttpResponse:
    """All that who travels sees; for all others, how to begin."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.path, reverse("wagtailadmin_login"))
    if request.method == "POST":
        return begin_own(request) if user.travels_since is None else end_others(request)
    if user.travels_since is None:
        return render(request, "newsroom/panic/begin_travel.html")
    others = len(sessions.open_of(user)) - 1
    return render(request, "newsroom/panic/travelling.html", {"others": others})


def account_link(request: HttpRequest) -> dict[str, Any]:
    """On Wagtail's “Account”."""
    return {
        "url": reverse("travelling"),
        "label": "Travel mode",
        "help_text": "Before you cross a border, or leave your laptop: your account shows nothing.",
    }


def end_others(request: HttpRequest) -> HttpResponse:
    sessions.end_others(request)
    return redirect("travelling")


@needs_fresh_proof
def begin_own(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    try:
        begin(user, user.get_username())
    except NobodyElse:
        messages.error(request, ALONE)
        return redirect("travelling")
    logout(request)
    return redirect("wagtailadmin_login")


class Travel(AdminPage):
    """Who travels; for those who may say that somebody is back."""

    permission_required = MAY_END
    page_title = "Travel mode"
    header_icon = "globe"
    template_name = "newsroom/panic/travel.html"
    breadcrumbs_items: list[dict[str, Any]] = []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = User.objects.filter(is_active=True).order_by("username")
        return super().get_context_data(**kwargs) | {
            "away": people.exclude(travels_since=None),
            "here": people.filter(travels_since=None),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        return change(request)


@needs_fresh_proof
def change(request: HttpRequest) -> HttpResponse:
    me: Any = request.user
    user = get_object_or_404(User, pk=number_of(request.POST.get("user", "")))
    if request.POST.get("do") == "back":
        end(user, me.get_username())
        messages.success(request, f"“{user}” is back, and signs in anew.")
        return redirect("travel")
    try:
        begin(user, me.get_username())
    except NobodyElse:
        messages.error(request, ALONE)
        return redirect("travel")
    messages.success(request, f"“{user}” is signed out, and sees nothing until somebody ends it.")
    return redirect(reverse("wagtailadmin_home") if user == me else "travel")
