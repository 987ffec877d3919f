"""What an editor's start page begins with: the coming issue of each newsletter, and its state."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from wagtail.admin.ui.components import Component

from subscriptions.models import Batch, IssuePage, Mailing, Newsletter

Status = Mailing.Status
DONE = [Status.SENT, Status.CANCELLED]


class IssuesPanel(Component):
    name, order = "issues", 50
    template_name = "subscriptions/desk/start_page.html"

    class Media:
        css = {"all": ("subscriptions/desk.css",)}

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        newsletters = Newsletter.objects.live()
        return {
            "rows": [row for newsletter in newsletters for row in rows_of(newsletter)],
            "to_review": Batch.objects.filter(status=Batch.Status.NEEDS_REVIEW).count(),
        }


def rows_of(newsletter: Newsletter) -> Iterator[dict[str, Any]]:
    """The newsletter's issues that are to come or on their way, then the newest that was sent; of
    one with a fixed day also that its coming issue is not drafted yet."""
    now = timezone.now()
    today = now.astimezone(newsletter.zone).date()
    issues = list(newsletter.issues().prefetch_related("mailings")[:12])
    states = [(issue, issue.active_mailing) for issue in issues]
    open_ = [(issue, mailing) for issue, mailing in states if is_open(issue, mailing, today)]
    if newsletter.weekday is not None:
        coming = newsletter.next_send_at(now)
        if not any(issue.issue_on == coming.date() for issue, _ in states):
            yield {"newsletter": newsletter, "due": coming}
    for issue, mailing in reversed(open_):
        due = mailing.send_at if mailing else newsletter.hour_on(issue.issue_on)
        yield {"newsletter": newsletter, "issue": issue, "mailing": mailing, "due": due}
    sent = [(issue, mailing) for issue, mailing in states if mailing and mailing.status == "sent"]
    for issue, mailing in sent[:1]:
        yield {"newsletter": newsletter, "issue": issue, "mailing": mailing}


def is_open(issue: IssuePage, mailing: Mailing | None, today: Any) -> bool:
    """Is it somebody's to do? What was never approved is no longer so after its day."""
    return mailing.status not in DONE if mailing else issue.issue_on >= today and not issue.live
