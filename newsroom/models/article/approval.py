"""Who publishes an article: the newsroom's rule, and the step of the workflow that keeps it."""

from typing import Any

from django.db import models, transaction
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.models import Task, TaskState, WorkflowState
from wagtail.permissions import page_permission_policy

from newsroom.kept_pages import noting
from newsroom.models.addressed import PageRights

ALONE = "newsroom.publish_alone"


class Stopped(Exception):
    """An article is not published, and not approved: in words for its editor."""

    def __init__(self, article: Any, words: str) -> None:
        super().__init__(words)
        self.article = article


@register_setting(icon="check")
class WhoPublishes(BaseGenericSetting):
    two_people = models.BooleanField(
        default=False,
        verbose_name="two people for each article",
        help_text="Off, for a small newsroom: whoever may edit all articles may publish them, also "
        "those that they have written; writers hand theirs in. On: an article, and each new "
        "version of it, goes out when somebody approves it who has not handed it in. Publishers "
        "and administrators may still publish alone, for the hour when nobody else is there.",
    )

    panels = [FieldPanel("two_people")]

    class Meta:
        verbose_name = "who publishes"
        permissions = [("publish_alone", "Can publish without a second person")]

    def __str__(self) -> str:
        return "Who publishes"

    @classmethod
    def asks_for_two(cls, user: Any) -> bool:
        """Does somebody else have to approve what this colleague hands in?"""
        return cls.the_rule() and not user.has_perm(ALONE)

    @staticmethod
    @noting.remembered
    def the_rule() -> bool:
        return WhoPublishes.load().two_people


class ArticleRights(PageRights):
    def can_publish(self) -> bool:
        """At once, and alone; else it is handed in."""
        return super().can_publish() and not WhoPublishes.asks_for_two(self.user)

    def can_unschedule(self) -> bool:
        return bool(super().can_publish())


class SectionRights(PageRights):
    """What is made in a section are articles."""

    def can_add_subpage(self) -> bool:
        return self.may_add()

    def can_publish_subpage(self) -> bool:
        return super().can_publish_subpage() and not WhoPublishes.asks_for_two(self.user)


class Approval(Task):
    """A step of a workflow: whoever may publish approves the article, or asks for changes. Where
    two people are asked for, not who has handed it in."""

    class Meta:
        verbose_name = "approval by whoever may publish"

    @classmethod
    def get_description(cls) -> str:
        return "Whoever may publish the article approves it"

    def start(self, workflow_state: Any, user: Any = None) -> Any:
        """Whoever hands it in gives it out of their hands: a lock of theirs would keep out all who
        approve."""
        page = workflow_state.content_object
        if page.locked_by_id is not None:
            page.locked, page.locked_by, page.locked_at = False, None, None
            page.save(update_fields=["locked", "locked_by", "locked_at"])
        return super().start(workflow_state, user)

    def on_action(self, task_state: Any, user: Any, action_name: str, **kwargs: Any) -> Any:
        """Of two at the same moment one decides, and the other is told."""
        with transaction.atomic():
            WorkflowState.objects.select_for_update().get(pk=task_state.workflow_state_id)
            state = type(task_state).objects.get(pk=task_state.pk)
            if state.status != TaskState.STATUS_IN_PROGRESS:
                article = state.revision.content_object
                raise Stopped(article, f"Somebody has decided about “{article}” already.")
            return super().on_action(state, user, action_name, **kwargs)

    def may_approve(self, page: Any, user: Any) -> bool:
        if not page_permission_policy.user_has_permission_for_instance(user, "publish", page):
            return False
        state = page.current_workflow_state
        by_themselves = state is not None and state.requested_by_id == user.pk
        return not (by_themselves and WhoPublishes.asks_for_two(user))

    def locked_for_user(self, obj: Any, user: Any) -> bool:
        """Nobody changes what others are about to approve."""
        return not self.may_approve(obj, user)

    def user_can_lock(self, obj: Any, user: Any) -> bool:
        return self.may_approve(obj, user)

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        if not self.may_approve(obj, user):
            return []
        return [
            ("reject", "Ask for changes", True),
            ("approve", "Approve", False),
            ("approve", "Approve with a comment", True),
        ]

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> Any:
        if not page_permission_policy.user_has_permission(user, "publish"):
            return TaskState.objects.none()
        waiting = self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)
        if WhoPublishes.asks_for_two(user):
            waiting = waiting.exclude(workflow_state__requested_by=user)
        return waiting
