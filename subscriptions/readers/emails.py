"""The mails to a reader: the words of each, and from a row's id to whom it goes, or None when it is
no longer due."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.catalogue import Letter, mail
from newsroom.models import Suppression
from newsroom.web.http import absolute_url
from subscriptions.models import Seed, Subscription, WelcomeMail
from subscriptions.readers import by_mail, links, seeds, signup

Status = Subscription.Status


@mail(
    "confirm",
    subject=_("Please confirm: {newsletter}"),
    paragraphs=[
        _(
            "Please confirm that you want {newsletter} in your inbox. One button, and you are on "
            "the list."
        )
    ],
    button=_("Confirm"),
    small=_(
        "The link works for seven days. You did not ask for this? Then do nothing, and you will "
        "not hear from us again."
    ),
)
def confirm(subscription_id: int) -> Letter | None:
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
    newsletter, token = subscription.newsletter, signup.confirm_token(subscription)
    return Letter(
        subscription.subscriber.email,
        newsletter.language,
        {"newsletter": newsletter.title},
        url=absolute_url("confirm", token),
    )


@mail(
    "seed_invitation",
    subject=_("First to get {newsletter}?"),
    paragraphs=[
        _(
            "An editor of {newsletter} would like to see how it arrives in this mailbox. If you "
            "agree, each issue comes here some minutes before all others."
        ),
        _("The link works for seven days. You don’t know what this is about? Then do nothing."),
    ],
    button=_("Yes, send it here first"),
)
def seed_invitation(seed_id: int) -> Letter | None:
    """An editor wants to see how an issue arrives in this mailbox."""
    seed = Seed.objects.select_related("newsletter").filter(pk=seed_id, subscription=None).first()
    if seed is None:
        return None
    suppression = Suppression.of(list_index(seed.email))
    if suppression and not suppression.owner_may_lift:
        return None
    return Letter(
        seed.email,
        seed.newsletter.language,
        {"newsletter": seed.newsletter.title},
        url=absolute_url("agree_to_seed", seeds.token_of(seed)),
    )


@mail(
    "already_subscribed",
    subject=_("You are already subscribed: {newsletter}"),
    paragraphs=[
        _(
            "Somebody, probably you, signed this address up for {newsletter}. It is on the list "
            "already: nothing to do."
        )
    ],
)
def already_subscribed(subscription_id: int) -> Letter | None:
    """For who signs up twice: the page said the same as to everyone, the mail tells."""
    letter = _to_reader(subscription_id)
    return letter and replace(letter, url="")


@mail(
    "unsubscribed",
    subject=_("You have left: {newsletter}"),
    paragraphs=[
        _(
            "{newsletter} comes to this address no more: somebody pressed “Unsubscribe” in one of "
            "its mails, or wrote to the address for it."
        ),
        _(
            "That was you? Then there is nothing to do. It was not you, perhaps because you had "
            "forwarded a mail, or you have changed your mind? Then come back on your own page."
        ),
    ],
    button=_("Come back"),
)
def unsubscribed(subscription_id: int) -> Letter | None:
    """Whoever has one of their mails could press the button: the reader hears of it, and comes back
    with one press."""
    subscription = _reached(subscription_id, Status.UNSUBSCRIBED)
    if subscription is None:
        return None
    token = tokens.permanent("preferences", subscription.subscriber_id)
    return Letter(
        subscription.subscriber.email,
        subscription.newsletter.language,
        {"newsletter": subscription.newsletter.title},
        url=links.preferences_url(token),
    )


@mail(
    "welcome",
    subject=_("Welcome: {newsletter}"),
    paragraphs=[
        _("Welcome, and thank you. You get {newsletter} from now on."),
        "{rhythm}",
        _("Until then, our latest issue: {latest}"),
    ],
    button=_("Read it"),
)
def welcome(subscription_id: int) -> Letter | None:
    return _to_reader(subscription_id)


@mail("series", subject="{newsletter}", template="subscriptions/email/series")
def series(subscription_id: int, welcome_id: int) -> Letter | None:
    """One mail of the newsletter's welcome series."""
    mail = WelcomeMail.objects.filter(pk=welcome_id).first()
    if mail is None:
        return None
    context = {"mail": mail, "newsletter": mail.newsletter}
    return _to_reader(subscription_id, subject=mail.subject, context=context)


def _reached(subscription_id: int, status: str) -> Subscription | None:
    """If it is so still, and mail may go to its reader."""
    found = Subscription.objects.filter(pk=subscription_id, status=status)
    subscription = found.select_related("subscriber", "newsletter").first()
    return subscription if subscription and not subscription.subscriber.suppression else None


def _to_reader(subscription_id: int, **more: Any) -> Letter | None:
    """To who is on the list, with the links to leave it."""
    subscription = _reached(subscription_id, Status.CONFIRMED)
    if subscription is None:
        return None
    newsletter, latest = subscription.newsletter, subscription.newsletter.latest_issue()
    token = tokens.permanent("unsubscribe", subscription.pk)
    preferences = tokens.permanent("preferences", subscription.subscriber_id)
    return Letter(
        subscription.subscriber.email,
        newsletter.language,
        {
            "newsletter": newsletter.title,
            "rhythm": newsletter.rhythm,
            "latest": latest.subject if latest else "",
        },
        url=(latest.full_url or "") if latest else "",
        links=links.at_foot(links.unsubscribe_url(token), links.preferences_url(preferences)),
        look=newsletter,
        headers=links.unsubscribe_headers(token, by_mail.token_of(subscription.pk)),
        **more,
    )
