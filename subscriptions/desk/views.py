"""The issue's desk in the admin: look at it, see what stops it, watch it go.

What its buttons do is in actions.py.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access

from newsroom.first_steps import required
from newsroom.mail import providers
from newsroom.staff.pages import AdminPage
from subscriptions.desk import access, numbers
from subscriptions.desk.access import NewslettersPage, issue_for
from subscriptions.desk.progress import foreseen, progress_of
from subscriptions.issues import checklist, previews, rendering
from subscriptions.models import Batch, IssuePage, Mailing, Newsletter
from subscriptions.models.mailing import APPROVE
from subscriptions.readers.audience import size_of

Status = Mailing.Status


class Desks(AdminPage):
    """Every newsletter with its newest issues and where each stands."""

    template_name = "subscriptions/desk/desks.html"
    page_title = "Newsletters"
    header_icon = "mail"
    permission_required = access.VIEW

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["to_review"] = Batch.objects.filter(status=Batch.Status.NEEDS_REVIEW).count()
        context["provider"] = providers.current()
        context["missing"] = required.missing()
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
        "issues": [(issue, issue.active_mailing) for issue in issues],
    }


class IssueDesk(NewslettersPage):
    template_name = "subscriptions/desk/desk.html"
    permission_required = ()  # asked of the issue

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.issue = issue_for(request, kwargs["pk"])

    def get_page_title(self) -> str:
        return str(self.issue.title)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        mailing = self.issue.active_mailing
        shown = shown_on_desk(self.issue, mailing)
        frozen = mailing and mailing.frozen_at
        now = size_of(self.issue.newsletter, shown.segment)
        audience = mailing.audience if mailing and frozen else now
        return context | {
            "issue": shown,
            "newsletter": self.issue.newsletter,
            "mailing": mailing,
            "stories": shown.stories,
            "subjects": shown.subjects,
            **({} if frozen else checklist_of(shown)),
            **(report_of(mailing) if mailing and mailing.status == Status.SENT else {}),
            "audience": audience,
            "warm_up": None if frozen else foreseen(self.issue.newsletter, now),
            "chosen": mailing.editions() if mailing and frozen else {},
            "editions": rendering.editions(shown),
            **hours_of(self.issue, mailing),
            "edited_since": mailing and mailing.revision_id != self.issue.latest_revision_id,
            "may_approve": self.request.user.has_perm(APPROVE),
            "somebody_else": self.issue.needs_somebody_else(self.request.user),
            "progress": progress_of(mailing) if mailing else None,
            "views": [*previews.MAIL_VIEWS.items()],
            "colleagues": access.colleagues(),
        }


def shown_on_desk(issue: IssuePage, mailing: Mailing | None) -> IssuePage:
    """The newest state of the issue; from the freeze on, what goes out."""
    if mailing and mailing.frozen_at:
        return issue.as_in(mailing.revision)
    return issue.get_latest_revision_as_object()


def report_of(mailing: Mailing) -> dict[str, Any]:
    return {"report": numbers.report_of(numbers.with_numbers().get(pk=mailing.pk))}


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


@require_admin_access
@require_safe
@xframe_options_sameorigin
def preview(request: HttpRequest, pk: int, mode: str) -> HttpResponse:
    """What the desk shows, as mail or text, the personal links dead, in a frame of its own."""
    issue = issue_for(request, pk)
    if mode not in previews.TEXT_VIEWS and mode not in previews.MAIL_VIEWS:
        raise Http404
    shown = shown_on_desk(issue, issue.active_mailing)
    return previews.one(shown, mode, rendering.render_once_a_minute)


@require_admin_access
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone, asked for every second while the mailing runs."""
    mailing = issue_for(request, pk).active_mailing
    if mailing is None:
        raise Http404
    context = {"progress": progress_of(mailing)}
    with timezone.override(mailing.newsletter.zone):  # as the page around it
        return render(request, "subscriptions/desk/progress.html", context)
