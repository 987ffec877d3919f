"""One function per mail: from a row's id to the message, or None when it is no longer due."""

from anymail.message import AnymailMessage
from django.conf import settings
from django.contrib.auth import get_user_model

from newsroom import tokens
from subscriptions import calls, signup
from subscriptions.models import IssuePage, Mailing, Subscription, WelcomeMail
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


def series(subscription_id: int, welcome_id: int) -> AnymailMessage | None:
    """One mail of the newsletter's welcome series."""
    mail = WelcomeMail.objects.filter(pk=welcome_id).first()
    return _to_reader("series", subscription_id, "", mail=mail) if mail else None


def _to_reader(
    name: str, subscription_id: int, greeting: str, mail: WelcomeMail | None = None
) -> AnymailMessage | None:
    subscription = _subscription(subscription_id, Status.CONFIRMED)
    if not subscription:
        return None
    newsletter = subscription.newsletter
    token = tokens.lasting("unsubscribe", subscription.pk)
    context = {
        "newsletter": newsletter,
        "look": newsletter,
        "mail": mail,
        "latest": newsletter.latest_issue(),
        "unsubscribe": calls.unsubscribe_url(token),
        "preferences": calls.preferences_url(
            tokens.lasting("preferences", subscription.subscriber_id)
        ),
    }
    subject = mail.subject if mail else f"{greeting}: {newsletter.title}"
    message = compose(name, context, subject, subscription.subscriber.email)
    message.extra_headers |= calls.unsubscribe_headers(token)
    return message


def unapproved(issue_id: int) -> AnymailMessage | None:
    """To every editor who may approve: the hour has come, the issue has not been approved."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    if issue is None:
        return None
    standing = issue.mailings.standing().first()
    if standing and standing.status != Mailing.Status.APPROVED:
        return None
    lacks = "scheduled" if standing else "approved"
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
    if issue is None or user is None or issue.mailings.standing().exists():
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
    message = compose(name, {"issue": issue, **context}, subject, addresses[0])
    message.to = addresses
    return message
