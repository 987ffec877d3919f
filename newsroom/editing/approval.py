"""From a writer's “Submit” to an editor's “Approve”: Wagtail's workflow as the newsroom has it, and
what it answers when the checklist of an article stops it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from wagtail.admin.modal_workflow import render_modal_workflow
from wagtail.models import (
    GroupApprovalTask,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowState,
    WorkflowTask,
)

from newsroom.models import Approval, ArticlePage, Stopped

View = Callable[[HttpRequest], HttpResponse]
WAGTAILS = "Moderators approval"
NAME = "Editors"  # on the button: “Submit to Editors”


def make_workflow() -> None:
    """One step, for all articles, in the place of Wagtail's own. Done once: from then on it is
    the administrators' to change, who may add a step for a lawyer, say."""
    if Approval.objects.exists():
        return
    Workflow.objects.filter(name=WAGTAILS, workflow_states=None).delete()
    GroupApprovalTask.objects.filter(name=WAGTAILS, task_states=None).delete()
    workflow = Workflow.objects.create(name=NAME)
    task = Approval.objects.create(name="Approval")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    WorkflowPage.objects.update_or_create(
        page=Page.get_first_root_node(), defaults={"workflow": workflow}
    )


def outcome(article: ArticlePage, action: str) -> str:
    """What became of it, in words for who approved it or asked for changes."""
    if action == "reject":
        return f"“{article}” is back with whoever handed it in."
    if state := article.current_workflow_state:
        return f"Approved. “{article}” goes on to: {state.current_task_state.task.name}."
    if article.scheduled_revision:
        return f"Approved. “{article}” is published when its time has come."
    return f"Approved. “{article}” is published."


def wish(article: ArticlePage) -> str:
    """What somebody asked to be changed, until it is handed in again; “” for nothing. Wagtail has
    it behind “View details” of the status panel, where the mail’s reader finds nothing."""
    state = article.current_workflow_state
    if not state or state.status != WorkflowState.STATUS_NEEDS_CHANGES:
        return ""
    step = state.current_task_state
    who = step.finished_by.get_full_name() or step.finished_by if step.finished_by else "Somebody"
    said = f": “{step.comment}”" if step.comment else "; the comments beside the text say what."
    return f"{who} asks for changes{said} Hand it in again when it is done."


def say_what_stops(get_response: View) -> View:
    """Whatever path to readers it was on: it is as it was before, and its editor reads why."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Stopped):
            return None
        messages.error(request, str(error))
        place = reverse("wagtailadmin_pages:edit", args=[error.article.pk])
        if request.headers.get("x-requested-with") == "XMLHttpRequest":  # from a dialog
            done: Any = {"step": "success", "redirect": place}
            answer: HttpResponse = render_modal_workflow(request, "", None, {}, json_data=done)
            return answer
        return redirect(place)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
