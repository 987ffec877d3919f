"""The first steps in the admin: a page, and a box on the start page until they are done or somebody
has put it away for themselves."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail.admin.ui.components import Component
from wagtail.users.models import UserProfile

from newsroom.first_steps import steps
from newsroom.staff.pages import AdminPage

MAY = "newsroom.change_masthead"  # administrators
PUT_AWAY = "first-steps"  # among what Wagtail remembers that somebody has dismissed


def progress() -> dict[str, Any]:
    looked = steps.look()
    needed = [one for one in looked if not one.step.optional]
    return {
        "steps": looked,
        "done": sum(one.done for one in needed),
        "of": len(needed),
        "next": next((one for one in needed if not one.done), None),
    }


def is_put_away(user: Any) -> bool:
    return bool(UserProfile.get_for_user(user).dismissibles.get(PUT_AWAY))


class FirstSteps(AdminPage):
    template_name = "newsroom/first_steps/steps.html"
    page_title = "First steps"
    header_icon = "list-ol"
    permission_required = MAY

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        put_away = is_put_away(self.request.user)
        return super().get_context_data(**kwargs) | progress() | {"put_away": put_away}

    def post(self, request: HttpRequest) -> HttpResponse:
        profile = UserProfile.get_for_user(request.user)
        put_away = request.POST.get("put_away") == "1"
        profile.dismissibles[PUT_AWAY] = put_away
        profile.save(update_fields=["dismissibles"])
        return redirect("wagtailadmin_home" if put_away else "first_steps")


class FirstStepsPanel(Component):
    name, order = "first_steps", 10
    template_name = "newsroom/first_steps/panel.html"

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {**self.found, "request": parent_context["request"]}


def panel_for(user: Any) -> FirstStepsPanel | None:
    if not user.has_perm(MAY) or is_put_away(user):
        return None
    found = progress()
    return FirstStepsPanel(found) if found["next"] else None
