"""One function per mail: from a row's id to the message, or None when it is no longer due."""

from anymail.message import AnymailMessage

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.compose import compose
from newsroom.models import Suppression
from newsroom.web.http import absolute_url
from subscriptions.models import Seed, Subscription, WelcomeMail
from subscriptions.readers import links, seeds, signup

Status = Subscription.Status


def _subscription(pk: int, status: str) -> Subscription | None:
    found = Subscription.objects.filter(pk=pk, status=status)
    return found.select_related("subscriber", "newsletter").first()


def confirm(subscription_id: int) -> AnymailMessage | None:
    """The link that proves the address is the reader's own, and alive."""
    found = Subscription.objects.filter(pk=subscription_id)
    subscription = found.select_related("subscriber", "newsletter").first()
    if not subscription or subscription.status == Status.UNSUBSCRIBED:
        return None  # left again, before the mail went
    suppression = subscription.subscriber.suppression
    if suppression and not suppression.owner_may_lift:
        return None
    if subscription.status == Status.CONFIRMED and not suppression:
        return None  # meanwhile
    token = signup.confirm_token(subscription)
    context = {
        "newsletter": subscription.newsletter,
        "url": absolute_url(f"/newsletter/confirm/{token}/"),
    }
    title = subscription.newsletter.title
    email = subscription.subscriber.email
    return compose("subscriptions/email/confirm", context, f"Please confirm: {title}", email)


def seed_invitation(seed_id: int) -> AnymailMessage | None:
    """An editor wants to see how an issue arrives in this mailbox."""
    seed = Seed.objects.select_related("newsletter").filter(pk=seed_id, subscription=None).first()
    if seed is None:
        return None
    suppression = Suppression.of(list_index(seed.email))
    if suppression and not suppression.owner_may_lift:
        return None
    title = seed.newsletter.title
    context = {
        "paragraphs": [
            f"An editor of {title} would like to see how it arrives in this mailbox. If you agree, "
            "each issue comes here some minutes before all others.",
            "The link works for seven days. You don’t know what this is about? Then do nothing.",
        ],
        "url": absolute_url(f"/newsletter/seed/{seeds.token_of(seed)}/"),
        "button": "Yes, send it here first",
    }
    return compose("newsroom/email/notice", context, f"First to get {title}?", seed.email)


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
    if not subscription or subscription.subscriber.suppression:
        return None
    newsletter = subscription.newsletter
    token = tokens.permanent("unsubscribe", subscription.pk)
    context = {
        "newsletter": newsletter,
        "look": newsletter,
        "mail": mail,
        "latest": newsletter.latest_issue(),
        "unsubscribe": links.unsubscribe_url(token),
        "preferences": links.preferences_url(
            tokens.permanent("preferences", subscription.subscriber_id)
        ),
    }
    subject = mail.subject if mail else f"{greeting}: {newsletter.title}"
    message = compose(
        f"subscriptions/email/{name}", context, subject, subscription.subscriber.email
    )
    message.extra_headers |= links.unsubscribe_headers(token)
    return message
