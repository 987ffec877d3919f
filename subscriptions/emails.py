"""One function per mail: from a row's id to the message, or None when it is no longer due."""

from anymail.message import AnymailMessage
from django.conf import settings
from django.contrib.auth import get_user_model

from newsroom import tokens
from subscriptions import calls, signup
from subscriptions.models import IssuePage, Mailing, Subscription
from subscriptions.rendering import compose

Status = Subscription.Status


def _subscription(pk: int, status: str) -> Subscription | None:
    found = Subscription.objects.filter(pk=pk, status=status)
    return found.select_related("subscriber", "newsletter").first()


def confirm(subscription_id: int) -> AnymailMessage | None:
    """The link that proves the address is the reader's own."""
    subscription = _subscription(subscription_id, Status.PENDING)
    if not subscription:
        return None
    token = signup.confirm_token(subscription)
    context = {
        "newsletter": subscription.newsletter,
        "url": f"{settings.BASE_URL}/newsletter/confirm/{token}/",
    }
    title = subscription.newsletter.title
    return compose("confirm", context, f"Please confirm: {title}", subscription.subscriber.email)


def already_subscribed(subscription_id: int) -> AnymailMessage | None:
    """For who signs up twice: the page said the same as to everyone, the mail tells."""
    return _to_reader("already_subscribed", subscription_id, "You are already subscribed")


def welcome(subscription_id: int) -> AnymailMessage | None:
    return _to_reader("welcome", subscription_id, "Welcome")


def _to_reader(name: str, subscription_id: int, greeting: str) -> AnymailMessage | None:
    subscription = _subscription(subscription_id, Status.CONFIRMED)
    if not subscription:
        return None
    newsletter = subscription.newsletter
    token = tokens.lasting("unsubscribe", subscription.pk)
    context = {
        "newsletter": newsletter,
        "latest": newsletter.latest_issue(),
        "unsubscribe": calls.unsubscribe_url(token),
        "preferences": calls.preferences_url(
            tokens.lasting("preferences", subscription.subscriber_id)
        ),
    }
    subject = f"{greeting}: {newsletter.title}"
    message = compose(name, context, subject, subscription.subscriber.email)
    message.extra_headers |= calls.unsubscribe_headers(token)
    return message


def unapproved(issue_id: int) -> AnymailMessage | None:
    """To every editor who may approve: the hour has come, the issue has not been approved."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    if issue is None or issue.mailings.standing().exists():
        return None
    return _to_editors("unapproved", issue, f"Not sent: {issue.title} is not approved")


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


def _to_editors(name: str, issue: object, subject: str, **context: str) -> AnymailMessage | None:
    editors = get_user_model().objects.with_perm(
        "subscriptions.approve_mailing", backend="django.contrib.auth.backends.ModelBackend"
    )
    addresses = [address for address in editors.values_list("email", flat=True) if address]
    if not addresses:
        return None
    message = compose(name, {"issue": issue, **context}, subject, addresses[0])
    message.to = addresses
    return message
