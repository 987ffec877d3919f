"""The issue's desk in the admin: look at it, test it, approve it, watch it go."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import TemplateView
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from newsroom.jobs import after_commit
from subscriptions import delivery, preflight, providers, rendering
from subscriptions.models import Batch, IssuePage, Mailing, Newsletter, TestSend, Throttle
from subscriptions.models.newsletter import GRACE
from subscriptions.outcomes import classify
from subscriptions.tasks import pump_mailings, start_mailing

APPROVE = "subscriptions.approve_mailing"
SOMEBODY_ELSE = "You edited this issue last: somebody else has to look at it and approve it."
Status = Mailing.Status


class Desks(WagtailAdminTemplateMixin, TemplateView):
    """Every newsletter with its newest issues and where each stands."""

    template_name = "subscriptions/admin/desks.html"
    page_title = "Newsletters"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm("subscriptions.view_mailing"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        context["held"] = Batch.objects.filter(status=Batch.Status.HELD).count()
        context["provider"] = providers.current()
        context["newsletters"] = [
            {
                "newsletter": newsletter,
                "next": newsletter.next_send_at(now),
                "audience": newsletter.audience(),
                "issues": [
                    (issue, standing(issue))
                    for issue in IssuePage.objects.child_of(newsletter)
                    .prefetch_related("mailings")
                    .order_by("-issue_on")[:12]
                ],
            }
            for newsletter in Newsletter.objects.live()
        ]
        return context


class IssueDesk(WagtailAdminTemplateMixin, TemplateView):
    template_name = "subscriptions/admin/desk.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.issue = issue_for(request, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return str(self.issue.title)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        newsletters = {"url": reverse("newsletters"), "label": "Newsletters"}
        return [*self.breadcrumbs_items, newsletters, {"url": "", "label": self.issue.title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        mailing = standing(self.issue)
        newest = self.issue.get_latest_revision_as_object()
        send_at = send_time(self.issue)
        return context | {
            "issue": newest,
            "newsletter": self.issue.newsletter,
            "mailing": mailing,
            "stories": newest.stories(),
            **checklist_of(newest),
            "audience": self.issue.newsletter.audience(),
            "send_at": send_at,
            "hour_passed": send_at <= timezone.now(),
            "edited_since": mailing and mailing.revision_id != self.issue.latest_revision_id,
            "may_approve": self.request.user.has_perm(APPROVE),
            "somebody_else": self.issue.needs_somebody_else(self.request.user),
            "progress": progress_of(mailing) if mailing else None,
        }


def checklist_of(issue: IssuePage) -> dict[str, Any]:
    findings = preflight.inspect(issue)
    return {
        "findings": findings,
        "stopped": [finding for finding in findings if finding.state == "stop"],
        "warned": [finding for finding in findings if finding.state == "warning"],
    }


@require_admin_access
@require_safe
def checklist(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist alone, asked for again while the desk is open."""
    issue = issue_for(request, pk).get_latest_revision_as_object()
    return render(request, "subscriptions/admin/checklist.html", checklist_of(issue))


def issue_for(request: HttpRequest, pk: int) -> IssuePage:
    """The issue, if this editor may edit it. Raises Http404, PermissionDenied."""
    issue = get_object_or_404(IssuePage, pk=pk)
    if not issue.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return issue


def standing(issue: IssuePage) -> Mailing | None:
    mailings = [m for m in issue.mailings.all() if m.status != Status.CANCELLED]
    return mailings[0] if mailings else None


def send_time(issue: IssuePage) -> datetime:
    """The newsletter's hour on the issue's day."""
    newsletter = issue.newsletter
    return datetime.combine(issue.issue_on, newsletter.send_time, newsletter.zone)


def progress_of(mailing: Mailing) -> dict[str, Any]:
    numbers = mailing.progress()
    audience = mailing.audience or 0
    done = numbers["accepted"] + numbers["excluded"] + numbers["rejected"]
    preparing = mailing.status == Status.SCHEDULED and mailing.send_at <= timezone.now()
    ends = mailing.finished_at or timezone.now()
    seconds = (ends - mailing.frozen_at).total_seconds() if mailing.frozen_at else 0
    average = round(numbers["accepted"] / seconds) if seconds >= 1 else numbers["accepted"]
    sending = mailing.status == Status.SENDING
    rate = speed_now() if sending else average
    return numbers | {
        "mailing": mailing,
        "share": min(done * 100 // audience, 100) if audience else 0,
        "rate": rate,
        "left": in_words((audience - done) / rate) if sending and rate else None,
        "held_batches": mailing.batches.filter(status=Batch.Status.HELD).order_by("seq")[:20],
        "errors": mailing.batches.exclude(error="")
        .exclude(status__in=[Batch.Status.SPLIT, Batch.Status.ACCEPTED])
        .values("error")
        .annotate(calls=Count("pk"), readers=Sum("size"))
        .order_by("-readers")[:5],
        "failures": mailing.failures.values("kind").annotate(readers=Count("pk")).order_by("kind"),
        "canary": sending and mailing.rest_at and mailing.rest_at > timezone.now(),
        "waits_for_doubts": numbers["in_doubt"] + numbers["held"] > 0
        and Batch.objects.too_doubtful().filter(mailing=mailing).exists(),
        "preparing": preparing,
        "moving": preparing or sending,
    }


def in_words(seconds: float) -> str:
    if seconds < 60:
        return "under a minute"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def speed_now() -> int:
    throttle = Throttle.objects.filter(pk=providers.current().key).first()
    return throttle.speed_at(timezone.now()) if throttle else 0


@require_admin_access
@require_safe
@xframe_options_sameorigin
def preview(request: HttpRequest, pk: int, mode: str) -> HttpResponse:
    """The newest revision as mail or text, the personal links dead, in a frame of its own."""
    issue = issue_for(request, pk).get_latest_revision_as_object()
    rendered = rendering.render_issue(issue)
    if mode == "text":
        text = rendering.for_display(rendered.text)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    response = HttpResponse(rendering.for_display(rendered.html))
    response["Content-Security-Policy"] = "sandbox; frame-ancestors 'self'"
    return response


@require_admin_access
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone, asked for every second while the mailing runs."""
    mailing = standing(issue_for(request, pk))
    if mailing is None:
        raise Http404
    context = {"progress": progress_of(mailing)}
    return render(request, "subscriptions/admin/progress.html", context)


@require_admin_access
def send_now(request: HttpRequest, pk: int) -> HttpResponse:
    """GET names the audience and asks; POST sends."""
    issue = issue_for(request, pk)
    if not request.user.has_perm(APPROVE):
        raise PermissionDenied
    mailing = standing(issue)
    if mailing and mailing.status not in (Status.SCHEDULED, Status.MISSED):
        messages.error(request, "This issue has been sent, or is being sent.")
        return redirect("issue_desk", pk)
    if mailing is None and issue.needs_somebody_else(request.user):
        messages.error(request, SOMEBODY_ELSE)
        return redirect("issue_desk", pk)
    approved = mailing.revision.as_object() if mailing else issue.get_latest_revision_as_object()
    if reason := preflight.stops(approved):
        messages.error(request, reason)
        return redirect("issue_desk", pk)
    if request.method != "POST":
        context = {"issue": approved, "audience": issue.newsletter.audience()}
        return render(request, "subscriptions/admin/send_now.html", context)
    now = timezone.now()
    with transaction.atomic():
        if mailing is None:
            mailing = approve_once(request, issue, now)
        elif mailing.status == Status.MISSED:
            mailing.move(Status.SCHEDULED, send_at=now, not_after=now + GRACE)
        else:
            Mailing.objects.filter(pk=mailing.pk, status=Status.SCHEDULED).update(
                send_at=now, not_after=now + GRACE
            )
        if mailing:
            after_commit(start_mailing, mailing.pk)
            messages.success(request, "It is being sent. You can watch it here.")
    return redirect("issue_desk", pk)


def approve_once(request: HttpRequest, issue: IssuePage, send_at: Any) -> Mailing | None:
    """Approve; when two editors press at once, the second is told so."""
    try:
        with transaction.atomic():
            return delivery.approve(issue, request.user, send_at)
    except IntegrityError:
        messages.error(request, "Somebody else has just approved this issue.")
        return None


# --- Buttons --------------------------------------------------------------------------------


def send_test(request: HttpRequest, issue: IssuePage) -> None:
    if not request.user.email:  # type: ignore[union-attr]
        messages.error(request, "Your account has no e-mail address. Add one under «Account».")
        return
    try:
        delivery.send_test(issue.get_latest_revision_as_object(), request.user.email)  # type: ignore[union-attr]
    except Exception as error:
        messages.error(request, f"The test was not sent: {classify(error).reason}.")
    else:
        TestSend.objects.create(
            issue=issue,
            revision_id=issue.latest_revision_id,
            sent_by=request.user,  # type: ignore[misc]
        )
        messages.success(request, f"A test is on its way to {request.user.email}.")  # type: ignore[union-attr]


def approve(request: HttpRequest, issue: IssuePage) -> None:
    send_at = send_time(issue)
    if issue.needs_somebody_else(request.user):
        messages.error(request, SOMEBODY_ELSE)
    elif reason := preflight.stops(issue.get_latest_revision_as_object()):
        messages.error(request, reason)
    elif send_at <= timezone.now():
        messages.error(request, "Its hour has passed: change the day, or use «Send now».")
    elif approve_once(request, issue, send_at):
        local = send_at.strftime("%A, %-d %B at %H:%M")
        messages.success(request, f"Approved. It goes out on {local} ({send_at.tzinfo}).")


def withdraw(request: HttpRequest, issue: IssuePage) -> None:
    mailing = standing(issue)
    if mailing and mailing.withdraw(timezone.now()):
        messages.success(request, "The approval is withdrawn. Nothing is sent.")
    else:
        messages.error(request, "Too late: it is being sent, or has been. You can pause it.")


def pause(request: HttpRequest, issue: IssuePage) -> None:
    mailing = standing(issue)
    if mailing and mailing.move(Status.PAUSED, problem="Paused by hand."):
        messages.success(request, "Paused. Calls in flight are finished, nothing more is sent.")


def resume(request: HttpRequest, issue: IssuePage) -> None:
    mailing = standing(issue)
    if mailing and delivery.resume(mailing, timezone.now()):
        after_commit(pump_mailings)
        messages.success(request, "It goes on.")


def cancel(request: HttpRequest, issue: IssuePage) -> None:
    mailing = standing(issue)
    if mailing and delivery.cancel(mailing):
        messages.success(request, "Cancelled. Who has it keeps it; nobody else gets it.")


def release(request: HttpRequest, issue: IssuePage) -> None:
    """Don't wait for the canary any longer."""
    mailing = standing(issue)
    if mailing and mailing.release_rest(timezone.now()):
        after_commit(pump_mailings)
        messages.success(request, "The rest goes out now.")


# What a button does, and whether it takes the right to approve.
ACTIONS: dict[str, tuple[Callable[[HttpRequest, IssuePage], None], bool]] = {
    "test": (send_test, False),
    "approve": (approve, True),
    "withdraw": (withdraw, True),
    "pause": (pause, True),
    "resume": (resume, True),
    "cancel": (cancel, True),
    "release": (release, True),
}


@require_admin_access
@require_POST
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    issue = issue_for(request, pk)
    if action not in ACTIONS:
        raise Http404
    do, needs_approval = ACTIONS[action]
    if needs_approval and not request.user.has_perm(APPROVE):
        raise PermissionDenied
    do(request, issue)
    return redirect("issue_desk", pk)
