"""One function per mail to editors: from a row's id to the message, or None when it is not due."""

from anymail.message import AnymailMessage
from django.contrib.auth import get_user_model

from newsroom.mail.compose import compose
from subscriptions.models import IssuePage, Mailing


def unapproved(issue_id: int) -> AnymailMessage | None:
    """To every editor who may approve: the hour has come, the issue has not been approved."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    if issue is None:
        return None
    active = issue.mailings.active().first()
    if active and active.status != Mailing.Status.APPROVED:
        return None
    lacks = "scheduled" if active else "approved"
    subject = f"Not sent: {issue.title} is not {lacks}"
    return _to_editors("unapproved", issue, subject, lacks=lacks)


def missed(mailing_id: int) -> AnymailMessage | None:
    """The hour passed by more than the grace, say because the servers were down."""
    mailing = Mailing.objects.filter(pk=mailing_id, status=Mailing.Status.MISSED).first()
    if mailing is None:
        return None
    return _to_editors("missed", mailing.issue, f"Not sent: {mailing.issue.title} is late")


def unsendable(mailing_id: int) -> AnymailMessage | None:
    """The hour has come, and the issue can't go out as it is."""
    mailing = Mailing.objects.filter(pk=mailing_id, status=Mailing.Status.SCHEDULED).first()
    if mailing is None or not mailing.problem:
        return None
    subject = f"Not sent: {mailing.issue.title} has a problem"
    return _to_editors("unsendable", mailing.issue, subject, problem=mailing.problem)


def please_approve(issue_id: int, user_id: int) -> AnymailMessage | None:
    """An editor has finished an issue and asks a colleague to look at it."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    user = get_user_model().objects.filter(pk=user_id).first()
    if issue is None or user is None or issue.mailings.active().exists():
        return None
    who = user.get_full_name() or user.get_username()
    subject = f"Please approve: {issue.get_latest_revision_as_object().title}"
    return _to_editors("please_approve", issue, subject, but=user_id, who=who)


def _to_editors(
    name: str, issue: object, subject: str, but: int | None = None, **context: str
) -> AnymailMessage | None:
    editors = get_user_model().objects.with_perm(
        "subscriptions.approve_mailing", backend="django.contrib.auth.backends.ModelBackend"
    )
    if but:
        editors = editors.exclude(pk=but)
    addresses = [address for address in editors.values_list("email", flat=True) if address]
    if not addresses:
        return None
    message = compose(
        f"subscriptions/email/{name}", {"issue": issue, **context}, subject, addresses[0]
    )
    message.to = addresses
    return message
