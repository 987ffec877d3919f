"""“Emergency”: one administrator asks to close the newsroom, another one agrees."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from wagtail.admin.menu import MenuItem

from newsroom.accounts import sessions
from newsroom.accounts.models import User
from newsroom.closed import keys_file
from newsroom.closed.models import ClosureRequest
from newsroom.core.paths import number_of
from newsroom.mail import outbox
from newsroom.panic import escrow, steps
from newsroom.panic.emails import CLOSE
from newsroom.staff.gate import PROVED, ask_to_prove, needs_fresh_proof
from newsroom.staff.pages import AdminPage

TOO_LATE = "Nobody asks for it any more: that was too long ago, or has ended."


class Emergency(AdminPage):
    permission_required = CLOSE
    page_title = "Emergency"
    header_icon = "warning"
    template_name = "newsroom/panic/emergency.html"
    breadcrumbs_items: list[dict[str, Any]] = []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        me: Any = self.request.user
        copy = escrow.last_check()
        return super().get_context_data(**kwargs) | {
            "asked": ClosureRequest.objects.waiting().select_related("asked_by").first(),
            "copy": copy,
            "copy_age": escrow.age_in_days(copy) if copy else 0,
            "keys_file": keys_file.path() is not None,
            "others": User.objects.with_perm(CLOSE).exclude(pk=me.pk),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        do = ACTIONS.get(request.POST.get("do", ""))
        return do(request) if do else redirect("emergency")


@needs_fresh_proof
def ask(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if ClosureRequest.objects.waiting().exists():
        messages.warning(request, "Somebody has asked for it already.")
        return redirect("emergency")
    asked = ClosureRequest.objects.create(asked_by=user)
    outbox.post("closure_asked", asked.pk, key=str(asked.pk))
    messages.success(request, "Everybody who may close has a mail. Another one has to agree.")
    return redirect("emergency")


def end(request: HttpRequest) -> HttpResponse:
    """Taken back, or refused: by anybody who may close."""
    waiting = ClosureRequest.objects.waiting().filter(pk=number_of(request.POST.get("asked", "")))
    if waiting.update(ended=True):
        messages.success(request, "The newsroom stays open.")
    return redirect("emergency")


def agree(request: HttpRequest) -> HttpResponse:
    """The second person, who has shown their second factor since the first one asked; of two
    presses one counts."""
    user: Any = request.user
    waiting = ClosureRequest.objects.waiting().filter(pk=number_of(request.POST.get("asked", "")))
    asked = waiting.exclude(asked_by=user).select_related("asked_by").first()
    if asked is None or not (asked.asked_by.is_active and asked.asked_by.has_perm(CLOSE)):
        messages.error(request, TOO_LATE)
        return redirect("emergency")
    if not proved_since(request, asked):
        return ask_to_prove(request)
    if not waiting.update(ended=True):
        messages.error(request, TOO_LATE)
        return redirect("emergency")
    by = f"{asked.asked_by.get_username()}, {user.get_username()}"
    done = list(steps.close(by))
    logout(request)
    context = {"done": done, "left": steps.LEFT_TO_PEOPLE}
    return render(request, "newsroom/panic/closed.html", context)


def proved_since(request: HttpRequest, asked: ClosureRequest) -> bool:
    last = max(sessions.started(request.session), request.session.get(PROVED, 0))
    return bool(last > asked.asked_at.timestamp())


ACTIONS = {"ask": ask, "end": end, "agree": agree}


class EmergencyItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CLOSE)


def menu_item() -> MenuItem:
    return EmergencyItem("Emergency", reverse("emergency"), icon_name="warning", order=1000)
