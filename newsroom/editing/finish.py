"""What Wagtail calls when the last step of a workflow is approved (WAGTAIL_FINISH_WORKFLOW_ACTION).
It imports this while it loads its models, so this imports none."""

from typing import Any


def publish(workflow_state: Any, user: Any = None) -> None:
    """Who has approved what somebody else handed in need not be one who publishes alone."""
    newest = workflow_state.content_object.get_latest_revision()
    newest.publish(user=user, skip_permission_checks=True)
