"""The mails about articles on their way to readers, for colleagues. None has a headline or what was
said of a text: mails lie on other people's servers, and this may be known to nobody yet."""

from typing import Any

from django.utils import timezone
from wagtail.models import Page, TaskState, WorkflowState
from wagtail.permissions import page_permission_policy

from newsroom.accounts.models import User
from newsroom.mail.catalogue import Letter, mail
from newsroom.models import ArticlePage
from newsroom.web.http import absolute_url

BEHIND = "Which one it is stands behind the link, and not in a mail, which others may read."


@mail(
    "handed_in",
    awaited=True,
    subject="An article waits for somebody’s approval",
    paragraphs=[
        "“{who}” has handed in an article. Read it, and approve it or say what to change.",
        BEHIND,
    ],
    button="Open the article",
)
def handed_in(step_id: int) -> Letter | None:
    """To all who may approve it; to administrators only when there is nobody else."""
    step = TaskState.objects.filter(pk=step_id, status=TaskState.STATUS_IN_PROGRESS).first()
    if step is None:
        return None
    state, page, task = step.workflow_state, step.revision.content_object, step.task.specific
    colleagues = wanting("submitted").exclude(pk=state.requested_by_id)
    may = [user for user in colleagues if task.get_actions(page, user)]
    to = [user for user in may if not user.is_superuser] or may
    return letter(to, page, who=name_of(state.requested_by))


@mail(
    "approved",
    awaited=True,
    subject="Your article is approved",
    paragraphs=["“{who}” has approved the article that you handed in. {then}", BEHIND],
    button="Open the article",
)
def approved(state_id: int) -> Letter | None:
    state = WorkflowState.objects.filter(pk=state_id).first()
    if state is None:
        return None
    page = state.content_object
    then = "It is published."
    if due := page.scheduled_revision:
        at = timezone.localtime(due.approved_go_live_at)
        then = f"It is published on {at:%-d %B %Y at %H:%M} ({at:%Z})."
    return to_writer("approved", state, then=then)


@mail(
    "sent_back",
    awaited=True,
    subject="Your article is back, with a wish",
    paragraphs=[
        "“{who}” asks you to change something in the article that you handed in. What, is said "
        "beside it. Hand it in again when it is done.",
        BEHIND,
    ],
    button="Open the article",
)
def sent_back(step_id: int) -> Letter | None:
    step = TaskState.objects.filter(pk=step_id).first()
    if step is None or step.workflow_state.current_task_state_id != step_id:
        return None  # it was handed in again
    return to_writer("rejected", step.workflow_state)


@mail(
    "commented",
    awaited=True,
    subject="New comments",
    paragraphs=["Somebody has said something beside a text that you follow.", BEHIND],
    button="Read it",
)
def commented(page_id: int, user_id: int) -> Letter | None:
    page = Page.objects.filter(pk=page_id).first()
    return letter(wanting("updated_comments").filter(pk=user_id), page) if page else None


@mail(
    "not_published",
    awaited=True,
    subject="Not published: an article that was due",
    paragraphs=[
        "An article should have been published at {due}, and could not be: see its checklist, and "
        "whether another page has its address. It is tried again each minute.",
        BEHIND,
    ],
    button="Open the article",
)
def not_published(page_id: int) -> Letter | None:
    """To all who may publish."""
    article = ArticlePage.objects.filter(pk=page_id).first()
    due = article and article.scheduled_revision
    if not article or not due:
        return None
    may = page_permission_policy.users_with_permission("publish").filter(travels_since=None)
    to = may.filter(is_superuser=False) or may
    return letter(to, article, due=timezone.localtime(due.approved_go_live_at).strftime("%H:%M"))


def to_writer(kind: str, state: WorkflowState, **about: Any) -> Letter | None:
    """Who handed it in, unless it was they who decided."""
    by = state.current_task_state.finished_by
    to = wanting(kind).filter(pk=state.requested_by_id).exclude(pk=by.pk if by else 0)
    return letter(to, state.content_object, who=name_of(by), **about)


def wanting(kind: str) -> Any:
    """Colleagues who are there, and have not said in their account that they want no such mail."""
    unwanted = {f"wagtail_userprofile__{kind}_notifications": False}
    return User.objects.filter(is_active=True, travels_since=None).exclude(**unwanted)


def name_of(user: User | None) -> str:
    return user.get_username() if user else "Somebody"


def letter(to: Any, page: Page, **about: Any) -> Letter:
    addresses = [user.email for user in to if user.email]
    return Letter(addresses, about=about, url=absolute_url("wagtailadmin_pages:edit", page.pk))
