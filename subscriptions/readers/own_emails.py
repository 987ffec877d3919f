"""The mails about what a reader does on their own page: another address, their data."""

from django.utils.translation import gettext_lazy as _

from newsroom.core import languages, tokens
from newsroom.mail.catalogue import Letter, mail
from newsroom.models import Suppression
from newsroom.web.http import absolute_url
from subscriptions.models import AddressChange, Subscriber
from subscriptions.readers import address_change
from subscriptions.readers.data import held

LINK_WORKS = _(
    "The link works for seven days. It was not you? Then do nothing: everything stays as it is."
)


@mail(
    "address_old",
    awaited=True,
    subject=_("Another address for your newsletters?"),
    paragraphs=[
        _(
            "Somebody, probably you, wants your newsletters at another address. If that is so, "
            "press the button here, and the one in the mail that we have sent there."
        )
    ],
    button=_("Yes, change it"),
    small=LINK_WORKS,
)
def address_old(change_id: int) -> Letter | None:
    """The page may have been opened by somebody to whom a mail was forwarded."""
    change = _waiting(change_id)
    if change is None or change.subscriber.suppression:
        return None
    return _asks(change, change.subscriber.email, address_change.OLD)


@mail(
    "address_new",
    awaited=True,
    subject=_("Newsletters at this address?"),
    paragraphs=[
        _(
            "Somebody, probably you, wants newsletters of ours at this address, and no more at "
            "another. If that is so, press the button here, and the one in the mail that we have "
            "sent there."
        )
    ],
    button=_("Yes, change it"),
    small=LINK_WORKS,
)
def address_new(change_id: int) -> Letter | None:
    """Anybody can type any address."""
    change = _waiting(change_id)
    if change is None or Suppression.forbids(change.email_index):
        return None
    return _asks(change, change.email, address_change.NEW)


@mail(
    "address_changed",
    awaited=True,
    subject=_("Your newsletters have another address now"),
    paragraphs=[
        _(
            "Both mailboxes have confirmed it: your newsletters go to the other address from now "
            "on, and no more to this one. The links in mails that came here open nothing any more; "
            "only those to leave still work."
        )
    ],
)
def address_changed(change_id: int) -> Letter | None:
    """The old mailbox hears of it."""
    change = AddressChange.objects.select_related("subscriber").filter(pk=change_id).first()
    if change is None or change.done_on is None or Suppression.of(change.email_index):
        return None
    return Letter(change.email, language_spoken_by(change.subscriber))


def _asks(change: AddressChange, email: str, mailbox: str) -> Letter:
    url = absolute_url("address", address_change.token_of(change, mailbox))
    return Letter(email, language_spoken_by(change.subscriber), url=url)


def _waiting(change_id: int) -> AddressChange | None:
    found = AddressChange.objects.filter(pk=change_id, done_on=None)
    return found.select_related("subscriber").first()


@mail(
    "reader_data",
    awaited=True,
    subject=_("Your data"),
    paragraphs=[_("Here is all that we hold about you as a reader, to look at and to download.")],
    button=_("Look at it"),
    small=_("The link works for one day. Don’t pass it on: it shows your address."),
)
def reader_data(subscriber_id: int) -> Letter | None:
    """A fresh link: those in older mails get forwarded, and what is behind it names the reader."""
    subscriber = Subscriber.objects.filter(pk=subscriber_id, forgotten_on=None).first()
    if subscriber is None or subscriber.suppression:
        return None
    token = tokens.expiring(held.DATA, subscriber.pk)
    language = language_spoken_by(subscriber)
    return Letter(subscriber.email, language, url=absolute_url("reader_data", token))


def language_spoken_by(subscriber: Subscriber) -> str:
    """The one that they have chosen, else that of a newsletter of theirs."""
    first = subscriber.subscriptions.select_related("newsletter").order_by("pk").first()
    return subscriber.language or (first.newsletter.language if first else languages.OWN)
