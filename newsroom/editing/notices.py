"""Who is told by mail what became of an article: posted with what caused it, in place of Wagtail's
mails, which hold what nobody may read yet and go out while the request waits."""

from typing import Any

from django.db.models import Q
from wagtail.admin.views.pages.edit import EditView
from wagtail.models import COMMENTS_RELATION_NAME, TaskState, WorkflowState
from wagtail.signals import task_submitted, workflow_approved, workflow_rejected, workflow_submitted

from newsroom.accounts.models import User
from newsroom.mail import outbox


def handed_in(instance: TaskState, **kwargs: Any) -> None:
    outbox.post("handed_in", instance.pk, key=str(instance.pk))


def approved(instance: WorkflowState, **kwargs: Any) -> None:
    outbox.post("approved", instance.pk, key=str(instance.pk))


def sent_back(instance: WorkflowState, **kwargs: Any) -> None:
    step = instance.current_task_state_id
    outbox.post("sent_back", step, key=str(step))


def commented(view: Any, changes: dict[str, Any]) -> None:
    """Tells who follows the page, and who takes part in a thread: once in ten minutes."""
    threads = [comment.pk for comment in changes["resolved_comments"]]
    threads += [comment.pk for comment, _ in changes["new_replies"]]
    if not (threads or changes["new_comments"] or changes["deleted_comments"]):
        return
    follow = Q(page_subscriptions__page=view.page, page_subscriptions__comment_notifications=True)
    talk = Q(comment_replies__comment__in=threads)
    talk |= Q(**{f"{COMMENTS_RELATION_NAME}__in": threads})
    told = User.objects.filter(follow | talk).exclude(pk=view.request.user.pk).distinct()
    for pk in told.values_list("pk", flat=True):
        key = f"{view.page.pk}-{pk}-{outbox.ten_minutes()}"
        outbox.post("commented", view.page.pk, key=key, second_id=pk)


def install() -> None:
    """Once, when Wagtail has put up its own."""
    for theirs, signal in (
        ("group_approval_task_submitted", task_submitted),
        ("workflow_state_submitted", workflow_submitted),
        ("workflow_state_rejected", workflow_rejected),
        ("workflow_state_approved", workflow_approved),
    ):
        sender = TaskState if signal is task_submitted else WorkflowState
        signal.disconnect(sender=sender, dispatch_uid=f"{theirs}_email_notification")
    task_submitted.connect(handed_in)
    workflow_approved.connect(approved)
    workflow_rejected.connect(sent_back)
    EditView.send_commenting_notifications = commented
