"""The mails to a reader: the words of each, and from a row's id to whom it goes, or None when it is
no longer due."""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.catalogue import Letter, mail, mails
from newsroom.models import Suppression
from newsroom.web.http import absolute_url
from subscriptions.models import (
    Newsletter,
    Seed,
    Subscription,
    WelcomeMail,
)
from subscriptions.readers import by_mail, links, seeds, signup
from subscriptions.readers.due import sunset

Status = Subscription.Status


@mail(
    "confirm",
    awaited=True,
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
def confirm(subscription_id: int, consent_id: int | None = None) -> Letter | None:
    """The link that proves the address is the reader's own, and alive; for all that they asked for
    in one form, and have neither left nor confirmed meanwhile."""
    asked = signup.asked_together(subscription_id, consent_id)
    suppression = asked[0].subscriber.suppression if asked else None
    if suppression and not suppression.owner_may_lift:
        return None
    over = {Status.UNSUBSCRIBED} if suppression else {Status.UNSUBSCRIBED, Status.CONFIRMED}
    waiting = [one for one in asked if one.status not in over]
    if not waiting:
        return None
    letter = Letter(
        waiting[0].subscriber.email,
        language_of(waiting[0]),
        {"newsletter": [one.newsletter.title for one in waiting]},
        url=absolute_url("confirm", signup.confirm_token(*waiting)),
    )
    return letter if len(waiting) > 1 else own_words(letter, "confirm", waiting[0].newsletter)


@mail(
    "seed_invitation",
    awaited=True,
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
    if Suppression.forbids(list_index(seed.email)):
        return None
    return Letter(
        seed.email,
        seed.newsletter.language,
        {"newsletter": seed.newsletter.title},
        url=absolute_url("agree_to_seed", seeds.token_of(seed)),
    )


@mail(
    "already_subscribed",
    awaited=True,
    subject=_("You are already subscribed: {newsletter}"),
    paragraphs=[
        _(
            "Somebody, probably you, signed this address up for {newsletter}. It is on the list "
            "already: nothing to do."
        )
    ],
)
def already_subscribed(subscription_id: int, consent_id: int | None = None) -> Letter | None:
    """For who signs up twice: the page said the same as to everyone, the mail tells. One about
    several leaves none of them: that is done on the reader's page."""
    letter = _to_reader(subscription_id)
    if letter is None:
        return None
    if consent_id is None:
        return own_words(replace(letter, url=""), "already_subscribed", letter.look)
    asked = signup.asked_together(subscription_id, consent_id)
    titles = [one.newsletter.title for one in asked if one.status == Status.CONFIRMED]
    about = {**letter.about, "newsletter": titles}
    return replace(letter, url="", about=about, links=letter.links[-1:], headers={})


@mail(
    "unsubscribed",
    awaited=True,
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
    return own_words(_to_own_page(subscription), "unsubscribed", subscription.newsletter)


@mail(
    "paused",
    awaited=True,
    subject=_("Paused until {day}: {newsletter}"),
    paragraphs=[
        _(
            "{newsletter} does not come to this address until {day}: somebody pressed so on the "
            "page that the links in its mails lead to."
        ),
        _(
            "That was you? Then there is nothing to do. It was not you, perhaps because you had "
            "forwarded a mail, or you have changed your mind? Then go on, on your own page."
        ),
    ],
    button=_("Go on now"),
)
def paused(subscription_id: int) -> Letter | None:
    """As one who leaves hears of it."""
    subscription = _reached(subscription_id, Status.CONFIRMED)
    if subscription is None or not subscription.paused:
        return None
    return _to_own_page(subscription, day=subscription.paused_until)


@mail(
    "welcome",
    awaited=True,
    subject=_("Welcome: {newsletter}"),
    paragraphs=[
        _("Welcome, and thank you. You get {newsletter} from now on."),
        "{rhythm}",
        _("Until then, our latest issue: {latest}"),
    ],
    button=_("Read it"),
)
def welcome(subscription_id: int) -> Letter | None:
    letter = _to_reader(subscription_id)
    return letter and own_words(letter, "welcome", letter.look)


@mail("series", subject="{newsletter}", template="subscriptions/email/series")
def series(subscription_id: int, welcome_id: int) -> Letter | None:
    """One mail of the newsletter's welcome series."""
    mail = WelcomeMail.objects.filter(pk=welcome_id).first()
    if mail is None:
        return None
    context = {"mail": mail, "newsletter": mail.newsletter}
    letter = _to_reader(subscription_id, subject=mail.subject, context=context)
    return letter and replace(letter, language=mail.newsletter.language)  # as it is written


@mail(
    sunset.MAIL,
    subject=_("Do you still read {newsletter}?"),
    paragraphs=[
        _(
            "You have been getting {newsletter} for a long time. We don’t watch who opens our "
            "mails, so we can’t know whether you still read us: we have to ask."
        ),
        _(
            "Press the button, and everything stays as it is. If you haven’t pressed it before "
            "{day}, we stop sending."
        ),
    ],
    button=_("Yes, keep sending"),
    small=_("You want it no more? Then there is nothing to do."),
)
def still_reading(subscriber_id: int) -> Letter | None:
    """To who has pressed nothing for long, about all of their newsletters that ask."""
    theirs = sunset.questions_to(subscriber_id)
    letter = _to_reader(theirs[0].pk) if theirs else None
    if letter is None:
        return None
    about = {
        "newsletter": [one.newsletter.title for one in theirs],
        "day": (theirs[0].asked_on or timezone.localdate()) + sunset.WAIT,
    }
    letter = replace(
        letter, url=absolute_url("still_reading", sunset.token_of(theirs)), about=about
    )
    if len(theirs) > 1:  # to leave one of them is done on the reader's page
        return replace(letter, links=letter.links[-1:], headers={})
    return own_words(letter, sunset.MAIL, letter.look)


def own_words(letter: Letter, about: str, newsletter: Newsletter) -> Letter:
    """The newsletter's editors', if they have any in its language."""
    found = newsletter.words.filter(about=about, language=letter.language).first()
    return replace(letter, words=found.instead_of(mails()[about][0])) if found else letter


def _reached(subscription_id: int, status: str) -> Subscription | None:
    """If it is so still, and mail may go to its reader."""
    found = Subscription.objects.filter(pk=subscription_id, status=status)
    subscription = found.select_related("subscriber", "newsletter").first()
    if not subscription or subscription.subscriber.forgotten_on:
        return None
    return None if subscription.subscriber.suppression else subscription


def language_of(subscription: Subscription) -> str:
    """The one that they have chosen on their own page, else the newsletter's."""
    return subscription.subscriber.language or subscription.newsletter.language


def _to_own_page(subscription: Subscription, **about: Any) -> Letter:
    """Its button leads to their own page."""
    token = tokens.permanent("preferences", subscription.subscriber_id)
    return Letter(
        subscription.subscriber.email,
        language_of(subscription),
        {"newsletter": subscription.newsletter.title, **about},
        url=links.preferences_url(token),
    )


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
        language_of(subscription),
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
