"""Single mails: declared once, each above the function that says to whom and about what.

The words are the declaration's, translated when the mail is written. The modules are in
``settings.MAILS``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from newsroom.core import languages
from newsroom.mail.look import Look

Words = str | Promise
NOTICE = "newsroom/email/notice"
NEWSROOMS_LOOK = Look()


@dataclass(frozen=True)
class Letter:
    """One mail to one person, or to several colleagues; to none: it is not sent.

    ``each``: to many, who don't see one another. What differs stands in the words and addresses as
    ``providers.FIELD``, and here is by address what a field holds; ``to`` is all of these.
    ``halve``: posts the same in two halves, for when the provider refuses all of them.

    ``about``: what the words name, “{day}”: texts, dates and times. ``url``: where the button
    leads. ``links``: at the foot, words and address.
    """

    to: str | Sequence[str]
    language: str = languages.OWN
    about: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    links: Sequence[tuple[Words, str]] = ()
    subject: str = ""  # an editor's, in place of the declared one
    words: "Mail | None" = None  # an editor's, in place of all that is declared
    look: Any = NEWSROOMS_LOOK
    context: Mapping[str, Any] = field(default_factory=dict)  # of a template of its own
    headers: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""  # a newsletter's, in place of the newsroom's
    each: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    halve: Callable[[], None] | None = None


Writer = Callable[..., Letter | None]


class NotYet(Exception):
    """Raised by who writes a mail: whether there is something to say is not decided. It is asked
    again each day, and at once when it is woken (``outbox.wake``)."""


@dataclass(frozen=True)
class Mail:
    """The words of a mail. A paragraph is left out when something that it names is empty.

    ``awaited``: somebody has just asked for it, or has to know at once, and nobody gets it unasked
    of what was before: so it goes out while others are held after a restore (newsroom/hold).
    """

    name: str
    subject: Words
    paragraphs: Sequence[Words] = ()
    button: Words = ""
    small: Words = ""  # below the button
    template: str = NOTICE
    awaited: bool = False


_declared: dict[str, tuple[Mail, Writer]] = {}


def mail(name: str, **words: Any) -> Callable[[Writer], Writer]:
    """Declare the mail ``name``: :class:`Mail` has the words. The function below gets ids, and
    gives a :class:`Letter`, or None when the moment has passed.

    Raises ImproperlyConfigured for two of one name.
    """

    def declare(writer: Writer) -> Writer:
        if name in _declared:
            raise ImproperlyConfigured(f"Two mails are named {name}: see settings.MAILS.")
        _declared[name] = Mail(name, **words), writer
        return writer

    return declare


@cache
def mails() -> dict[str, tuple[Mail, Writer]]:
    """Every mail that we have, by name: its words, and who writes it."""
    for module in settings.MAILS:
        import_module(module)
    return _declared
