"""The issue's desk in the admin: look at it, see what stops it, watch it go.

What its buttons do is in actions.py.
"""

import math
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from newsroom.accounts.models import User
from newsroom.mail import providers
from subscriptions.desk import numbers
from subscriptions.issues import checklist, previews, rendering
from subscriptions.models import Batch, IssuePage, Mailing, Newsletter, Throttle
from subscriptions.models.mailing import APPROVE
from subscriptions.readers.audience import size_of
from subscriptions.sending import subject_test

Status = Mailing.Status


class Desks(WagtailAdminTemplateMixin, TemplateView):
    """Every newsletter with its newest issues and where each stands."""

    template_name = "subscriptions/desk/desks.html"
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
        context["to_review"] = Batch.objects.filter(status=Batch.Status.NEEDS_REVIEW).count()
        context["provider"] = providers.current()
        context["may_approve"] = self.request.user.has_perm(APPROVE)
        context["newsletters"] = [row_of(newsletter) for newsletter in Newsletter.objects.live()]
        return context


def row_of(newsletter: Newsletter) -> dict[str, Any]:
    """A newsletter in the list: its next hour, the weeks off before it, its issues."""
    now = timezone.now()
    coming = newsletter.next_send_at(now) if newsletter.weekday is not None else None
    issues = newsletter.issues().prefetch_related("mailings")[:12]
    return {
        "newsletter": newsletter,
        "next": coming,
        "drafted": coming and any(issue.issue_on == coming.date() for issue in issues),
        "off": [day for day in newsletter.holidays.all() if day.ends_on >= timezone.localdate()],
        "audience": size_of(newsletter),
        "issues": [(issue, active_mailing(issue)) for issue in issues],
    }


class IssueDesk(WagtailAdminTemplateMixin, TemplateView):
    template_name = "subscriptions/desk/desk.html"
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
        mailing = active_mailing(self.issue)
        shown = shown_on_desk(self.issue, mailing)
        frozen = mailing and mailing.frozen_at
        return context | {
            "issue": shown,
            "newsletter": self.issue.newsletter,
            "mailing": mailing,
            "stories": shown.stories,
            "subjects": shown.subjects,
            **({} if frozen else checklist_of(shown)),
            **(report_of(mailing) if mailing and mailing.status == Status.SENT else {}),
            "audience": size_of(self.issue.newsletter),
            **hours_of(self.issue, mailing),
            "edited_since": mailing and mailing.revision_id != self.issue.latest_revision_id,
            "may_approve": self.request.user.has_perm(APPROVE),
            "somebody_else": self.issue.needs_somebody_else(self.request.user),
            "progress": progress_of(mailing) if mailing else None,
            "views": [*previews.MAIL_VIEWS.items()],
            "colleagues": colleagues(),
        }


def shown_on_desk(issue: IssuePage, mailing: Mailing | None) -> IssuePage:
    """The newest state of the issue; from the freeze on, what goes out."""
    if mailing and mailing.frozen_at:
        return issue.as_in(mailing.revision)
    return issue.get_latest_revision_as_object()


def report_of(mailing: Mailing) -> dict[str, Any]:
    return {"report": numbers.report_of(numbers.with_numbers().get(pk=mailing.pk))}


def colleagues() -> Any:
    """Who may be sent a test: everybody with an account and an address."""
    found = User.objects.filter(is_active=True).exclude(email_index=None).order_by("username")
    return found.exclude(demo=True) if settings.PRODUCTION else found


def hours_of(issue: IssuePage, mailing: Mailing | None) -> dict[str, Any]:
    """When it is due, and what the form to schedule it proposes."""
    due = issue.newsletter.hour_on(issue.issue_on)
    proposed = (mailing and mailing.send_at) or due
    return {
        "due": due,
        "hour_passed": due <= timezone.now(),
        "proposed": proposed.astimezone(issue.newsletter.zone),
    }


def checklist_of(issue: IssuePage) -> dict[str, Any]:
    findings = checklist.inspect(issue, rendering.render_once_a_minute)
    return {
        "findings": findings,
        "stopped": [finding for finding in findings if finding.state == "stop"],
        "warned": [finding for finding in findings if finding.state == "warning"],
        "version": issue.version,  # so that nobody approves what has changed meanwhile
    }


@require_admin_access
@require_safe
def checklist_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist alone, asked for again while the desk is open."""
    issue = issue_for(request, pk).get_latest_revision_as_object()
    return render(request, "subscriptions/desk/checklist.html", checklist_of(issue))


def issue_for(request: HttpRequest, pk: int) -> IssuePage:
    """The issue, if this editor may edit it. Raises Http404, PermissionDenied."""
    issue = get_object_or_404(IssuePage, pk=pk)
    if not issue.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return issue


def active_mailing(issue: IssuePage) -> Mailing | None:
    mailings = [m for m in issue.mailings.all() if m.status != Status.CANCELLED]
    return mailings[0] if mailings else None


def progress_of(mailing: Mailing) -> dict[str, Any]:
    numbers = mailing.progress()
    audience = mailing.audience or 0
    done = numbers["accepted"] + numbers["excluded"] + numbers["rejected"]
    preparing = mailing.is_due(timezone.now())
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
        "batches_to_review": mailing.batches.filter(status=Batch.Status.NEEDS_REVIEW).order_by(
            "seq"
        )[:20],
        "errors": mailing.batches.exclude(error="")
        .exclude(status__in=[Batch.Status.SPLIT, Batch.Status.ACCEPTED])
        .values("error")
        .annotate(calls=Count("pk"), readers=Sum("size"))
        .order_by("-readers")[:5],
        "failures": mailing.failures.values("kind").annotate(readers=Count("pk")).order_by("kind"),
        "canary": sending
        and not mailing.subjects
        and mailing.rest_at
        and mailing.rest_at > timezone.now(),
        "subject_test": subject_test_of(mailing) if mailing.subjects else None,
        "waits_for_reconciling": numbers["in_doubt"] + numbers["needs_review"] > 0
        and Batch.objects.with_too_many_in_doubt().filter(mailing=mailing).exists(),
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


def subject_test_of(mailing: Mailing) -> dict[str, Any]:
    results = subject_test.results(mailing)
    return {
        "results": list(enumerate(results)),
        "best": max(result.per_100 for result in results) or 1,
        "verdict": subject_test.verdict(results),
        "chosen": mailing.chosen,
    }


@require_admin_access
@require_safe
@xframe_options_sameorigin
def preview(request: HttpRequest, pk: int, mode: str) -> HttpResponse:
    """What the desk shows, as mail or text, the personal links dead, in a frame of its own."""
    issue = issue_for(request, pk)
    if mode != "text" and mode not in previews.MAIL_VIEWS:
        raise Http404
    shown = shown_on_desk(issue, active_mailing(issue))
    return previews.one(shown, mode, rendering.render_once_a_minute)


@require_admin_access
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone, asked for every second while the mailing runs."""
    mailing = active_mailing(issue_for(request, pk))
    if mailing is None:
        raise Http404
    context = {"progress": progress_of(mailing)}
    return render(request, "subscriptions/desk/progress.html", context)
