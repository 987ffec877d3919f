"""What the buttons of the desk do: test, approve, schedule, send, stop."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from newsroom.core.jobs import after_commit
from newsroom.core.paths import number_of
from newsroom.mail.errors import classify
from subscriptions.desk import emails
from subscriptions.desk.access import colleagues, issue_for, newsletter_for
from subscriptions.desk.progress import foreseen
from subscriptions.issues import checklist, drafting, rendering
from subscriptions.models import Holiday, IssuePage, Mailing, Newsletter, TestSend
from subscriptions.models.mailing import APPROVE
from subscriptions.readers.audience import editions_of
from subscriptions.sending import engine, freezing, warm_up

SOMEBODY_ELSE = "You edited this issue last: somebody else has to look at it and approve it."
CHANGED = "Somebody has changed the issue since you opened this page. Look at it once more."
TOO_LATE = "Too late: it is being sent, or has been. You can pause it."
Status = Mailing.Status


class HourForm(forms.Form):
    """A day and an hour in the newsletter's time zone, as ``send_at`` in the cleaned data."""

    day = forms.DateField(error_messages={"required": "Choose a day."})
    hour = forms.TimeField(error_messages={"required": "Choose an hour."})

    def __init__(self, data: Any, newsletter: Newsletter) -> None:
        super().__init__(data)
        self.zone = newsletter.zone

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if self.errors:
            return typed
        send_at = datetime.combine(typed["day"], typed["hour"], self.zone)
        if send_at.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != send_at.replace(
            tzinfo=None
        ):
            raise ValidationError("That hour does not exist: the clocks are changed that night.")
        if send_at <= timezone.now():
            raise ValidationError("That hour has passed. To send it at once, use “Send now”.")
        return typed | {"send_at": send_at}


def local(moment: datetime, newsletter: Newsletter) -> str:
    return f"{moment.astimezone(newsletter.zone):%A, %-d %B %Y, %H:%M} ({newsletter.time_zone})"


@require_admin_access
def send_now(request: HttpRequest, pk: int) -> HttpResponse:
    """GET names the audience and asks; POST sends."""
    issue = issue_for(request, pk)
    if not request.user.has_perm(APPROVE):
        raise PermissionDenied
    mailing = issue.active_mailing
    if mailing and mailing.status not in Mailing.BEFORE_FREEZE:
        messages.error(request, "This issue has been sent, or is being sent.")
        return redirect("issue_desk", pk)
    if mailing is None and issue.needs_somebody_else(request.user):
        messages.error(request, SOMEBODY_ELSE)
        return redirect("issue_desk", pk)
    approved = mailing.revision.as_object() if mailing else issue.get_latest_revision_as_object()
    if reason := checklist.stops(approved):
        messages.error(request, reason)
        return redirect("issue_desk", pk)
    if request.method != "POST":
        chosen = editions_of(approved)
        audience = sum(chosen.values())
        segment = approved.segment
        if segment and (odd := segment.stops(audience, approved.segment_readers)):
            messages.error(request, odd)  # it was counted a while ago
            return redirect("issue_desk", pk)
        context = {
            "issue": approved,
            "audience": audience,
            "warm_up": foreseen(issue.newsletter, audience),
            "chosen": chosen,
            "version": approved.version,
        }
        return render(request, "subscriptions/desk/send_now.html", context)
    with transaction.atomic():
        if mailing or (mailing := approve_once(request, issue)):
            freezing.schedule(mailing, timezone.now())
            after_commit("subscriptions.tasks.start_mailing", mailing.pk)
            messages.success(request, "It is being sent. You can watch it here.")
    return redirect("issue_desk", pk)


def approve_once(request: HttpRequest, issue: IssuePage) -> Mailing | None:
    """Approve what this editor has seen; when two press at once, the second is told so."""
    try:
        with transaction.atomic():
            locked = IssuePage.objects.select_for_update(of=("self",)).get(pk=issue.pk)
            if request.POST.get("version") != locked.version:
                messages.error(request, CHANGED)
                return None
            return freezing.approve(locked, request.user)
    except IntegrityError:
        messages.error(request, "Somebody else has just approved this issue.")
        return None


# --- Before it goes -------------------------------------------------------------------------


def send_test(request: HttpRequest, issue: IssuePage) -> None:
    """To the editors themselves, to the newsletter's seed list as well, or to a colleague."""
    if "colleague" in request.POST:
        send_test_to_colleague(request, issue)
        return
    user: Any = request.user
    to = [user.email] if user.email else []
    if "seeds" in request.POST:
        seeds = issue.newsletter.subscriptions.mailable().filter(seed=True)
        to += [seed.subscriber.email for seed in seeds.select_related("subscriber")]
    to = list(dict.fromkeys(to))
    if not to:
        messages.error(request, "Your account has no e-mail address. Add one under “Account”.")
        return
    send_test_to(request, issue, to, to[0] if len(to) == 1 else f"{len(to)} mailboxes")


def send_test_to_colleague(request: HttpRequest, issue: IssuePage) -> None:
    """Chosen by name: nobody types an address, so a draft goes to nobody outside."""
    chosen = number_of(request.POST["colleague"])
    colleague = colleagues().filter(pk=chosen).first() if chosen else None
    if colleague is None:
        messages.error(request, "Choose a colleague from the list.")
    else:
        send_test_to(request, issue, [colleague.email], str(colleague))


def send_test_to(request: HttpRequest, issue: IssuePage, to: list[str], whom: str) -> None:
    user: Any = request.user
    chosen = number_of(request.POST.get("edition", "0"))
    edition = next((one for one in rendering.editions(issue) if one == chosen), rendering.TEASERS)
    with transaction.atomic():  # from here on this revision stays as it is, see save_revision
        locked = IssuePage.objects.select_for_update(of=("self",)).get(pk=issue.pk)
        test = TestSend.objects.create(
            issue=issue, revision_id=locked.latest_revision_id, sent_by=user
        )
        content = locked.get_latest_revision_as_object()
    try:
        engine.send_test(content, to, edition)
    except Exception as error:
        test.delete()
        messages.error(request, f"The test was not sent: {classify(error).reason}.")
    else:
        messages.success(request, f"A test is on its way to {whom}.")


def ask(request: HttpRequest, issue: IssuePage) -> None:
    emails.ask_colleagues(issue, request.user)
    messages.success(request, "Your colleagues who may approve it get a mail.")


def approve(request: HttpRequest, issue: IssuePage) -> None:
    if issue.needs_somebody_else(request.user):
        messages.error(request, SOMEBODY_ELSE)
    elif reason := checklist.stops(issue.get_latest_revision_as_object()):
        messages.error(request, reason)
    elif approve_once(request, issue):
        messages.success(request, "Approved. Now schedule it: it doesn't go out by itself.")


def schedule(request: HttpRequest, issue: IssuePage) -> None:
    """Give it an hour, or another one."""
    mailing, form = issue.active_mailing, HourForm(request.POST, issue.newsletter)
    if mailing is None:
        messages.error(request, "Approve it first.")
    elif not form.is_valid():
        messages.error(
            request, " ".join(str(text) for texts in form.errors.values() for text in texts)
        )
    elif freezing.schedule(mailing, form.cleaned_data["send_at"]):
        when = local(form.cleaned_data["send_at"], issue.newsletter)
        messages.success(request, f"It goes out on {when}.")
    else:
        messages.error(request, TOO_LATE)


def unschedule(request: HttpRequest, issue: IssuePage) -> None:
    mailing = issue.active_mailing
    if mailing and mailing.move(Status.APPROVED, send_at=None, not_after=None):
        messages.success(request, "Taken off the schedule. It stays approved.")
    else:
        messages.error(request, TOO_LATE)


def withdraw(request: HttpRequest, issue: IssuePage) -> None:
    mailing = issue.active_mailing
    if mailing and mailing.withdraw(timezone.now()):
        messages.success(request, "The approval is withdrawn. Nothing is sent.")
    else:
        messages.error(request, TOO_LATE)


# --- While it goes --------------------------------------------------------------------------


def pause(request: HttpRequest, issue: IssuePage) -> None:
    mailing = issue.active_mailing
    if mailing and mailing.pause_by_hand():
        messages.success(request, "Paused. Calls in flight are finished, nothing more is sent.")


def resume(request: HttpRequest, issue: IssuePage) -> None:
    mailing = issue.active_mailing
    if mailing and engine.resume(mailing, timezone.now()):
        after_commit("subscriptions.tasks.start_send_loops")
        messages.success(request, "It goes on.")


def cancel(request: HttpRequest, issue: IssuePage) -> None:
    mailing = issue.active_mailing
    if mailing and engine.cancel(mailing):
        messages.success(request, "Cancelled. Who has it keeps it; nobody else gets it.")


def release(request: HttpRequest, issue: IssuePage) -> None:
    """Don't wait any longer for the canary, or between two steps of a warm-up."""
    mailing, now = issue.active_mailing, timezone.now()
    if mailing and mailing.release_rest(now):
        messages.success(request, "The rest goes out now.")
    elif mailing and warm_up.next_at(mailing) and warm_up.release(mailing, now):
        messages.success(request, "The next step of the warm-up goes out now.")
    else:
        return
    after_commit("subscriptions.tasks.start_send_loops")


def choose(request: HttpRequest, issue: IssuePage) -> None:
    """End the subject test by hand."""
    mailing, place = issue.active_mailing, request.POST.get("place", "")
    if not mailing or place not in map(str, range(len(mailing.subjects))):
        messages.error(request, "There is no such subject.")
    elif freezing.choose_subject(mailing, int(place), "Chosen by hand.", timezone.now()):
        after_commit("subscriptions.tasks.start_send_loops")
        messages.success(request, f"The rest goes out as “{mailing.subjects[int(place)]}”.")
    else:
        messages.error(request, "The subject for the rest has been chosen already.")


# What a button does, and whether it takes the right to approve.
ACTIONS: dict[str, tuple[Callable[[HttpRequest, IssuePage], None], bool]] = {
    "test": (send_test, False),
    "ask": (ask, False),
    "approve": (approve, True),
    "schedule": (schedule, True),
    "unschedule": (unschedule, True),
    "withdraw": (withdraw, True),
    "pause": (pause, True),
    "resume": (resume, True),
    "cancel": (cancel, True),
    "release": (release, True),
    "choose": (choose, True),
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


# --- The newsletter's week ------------------------------------------------------------------


@require_admin_access
@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the coming issue before its day; of a newsletter without one, an issue for today."""
    newsletter, now = newsletter_for(request, pk), timezone.now()
    send_at = newsletter.next_send_at(now) if newsletter.weekday is not None else now
    if issue := drafting.draft_issue(newsletter, send_at):
        return redirect("wagtailadmin_pages:edit", issue.pk)
    messages.error(request, "That day has its issue already.")
    return redirect("newsletters")


@require_admin_access
@require_POST
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the coming week out, or take that back (``holiday``: which one)."""
    newsletter = newsletter_for(request, pk)
    if newsletter.has_unpublished_changes:
        messages.error(request, "Its settings have unpublished changes: add the week off there.")
    elif taken_back := number_of(request.POST.get("holiday", "")):
        kept = [off for off in newsletter.holidays.all() if off.pk != taken_back]
        set_holidays(request, newsletter, kept, "The week is back on.")
    elif newsletter.weekday is not None:
        day = newsletter.next_send_at(timezone.now()).date()
        if Mailing.objects.active().filter(newsletter=newsletter, issue__issue_on=day).exists():
            messages.error(request, "That issue is approved already: withdraw it first.")
        else:
            off = Holiday(starts_on=day, ends_on=day, why="Skipped")
            holidays = [*newsletter.holidays.all(), off]
            set_holidays(request, newsletter, holidays, f"No issue on {day:%A, %-d %B %Y}.")
    return redirect("newsletters")


def set_holidays(
    request: HttpRequest, newsletter: Newsletter, holidays: list[Holiday], said: str
) -> None:
    newsletter.holidays.set(holidays)
    newsletter.save_revision(user=request.user).publish(user=request.user)
    messages.success(request, said)
