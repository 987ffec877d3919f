"""The mail providers, one small module each; ``MAIL_PROVIDER`` names the one that sends.

A module holds two things: ``EmailBackend``, Anymail's with what we need on top, and ``provider``,
the facts. What a provider can't do stands in ``caveats``, which the admin shows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings

from newsroom.core.environment.table import PROVIDERS

from .events import Events

# A personal field as rendering writes it, whoever sends; ``personal`` makes the provider's of it.
# It may stand in addresses, headers and text (RFC 3986, 2.2).
FIELD, OPENS = "((reader.{}))", "((reader."
ANY_FIELD = re.compile(r"\(\(reader\.(\w+)\)\)")


@dataclass(frozen=True)
class Call:
    """A call whose outcome is unknown: what a provider can be asked about it."""

    batch: str  # the metadata “batch” that travelled with it
    key: str  # see Batch.call_key
    tag: str  # “mailing-42”
    emails: list[str]
    at: datetime


@dataclass(frozen=True)
class Evidence:
    """What the provider's own record says: its id, and whom it does *not* have."""

    provider_id: str
    missing: list[str]


@dataclass(frozen=True)
class Hook:
    """Where the provider tells us of bounces and complaints, and what proves that it does."""

    name: str  # in the address, as Anymail has it: /webhooks/anymail/<name>/tracking/
    view: str  # its class
    secret: str = "ANYMAIL_WEBHOOK_SECRET"  # the variable; for most, basic authentication
    asks_others: bool = False  # over the network, before it believes

    @property
    def proof(self) -> Any:
        """The secret itself, as set; empty: nobody can prove anything."""
        if self.secret.startswith("ANYMAIL_"):
            return settings.ANYMAIL.get(self.secret.removeprefix("ANYMAIL_"))
        return getattr(settings, self.secret)


class Transport(StrEnum):
    """How mail is handed over."""

    API = "api"
    SMTP = "smtp"


class Settles(StrEnum):
    """What decides about a call whose answer was lost."""

    RECORD = "record"  # the provider's own, which can be asked
    KEY = "key"  # under which a repeat makes no second mail
    JOURNAL = "journal"  # ours, message by message
    EVENT = "event"  # nothing but an event that comes by itself; else a person


@dataclass(frozen=True)
class Provider:
    key: str
    name: str
    per_call: int  # recipients
    most_bytes: int  # of one message: subject, HTML and text
    webhook: str  # how a webhook proves that it is the provider's
    reconciles: str  # how a call without an answer is settled
    transport: Transport = Transport.API
    hook: Hook | None = None
    events: Events | None = None  # what its hook's raw events say
    caveats: tuple[str, ...] = ()
    field: str = FIELD  # how its merge fields look; {} is the name
    opens: str = ""  # what begins one, and must not come from an author; "": it fills in nothing
    merges_headers: bool = False  # fills merge fields into headers too
    # The provider's record: None when it can't be asked right now.
    find: Callable[[Call], Evidence | None] | None = None
    # How many mails with a tag its record has, since then; None when it can't be asked right now.
    sent: Callable[[str, datetime], int | None] | None = None
    # Within this time a repeat under the same key makes no second mail.
    repeat_within: timedelta | None = None
    # Does this refusal of a repeat say that the first call was taken?
    had_it: Callable[[Any], bool] = lambda response: False
    # The provider's own parameters: (message, key of the call).
    adapt: Callable[[Any, str], None] = lambda message, key: None

    @property
    def settles(self) -> Settles:
        if self.transport is Transport.SMTP:
            return Settles.JOURNAL
        if self.find:
            return Settles.RECORD
        return Settles.KEY if self.repeat_within else Settles.EVENT


@cache
def get(key: str) -> Provider:
    """Raises KeyError for a name that is not in the table."""
    if key not in PROVIDERS:
        raise KeyError(key)
    found: Provider = import_module(f"newsroom.mail.providers.{key}").provider
    return found


def current() -> Provider:
    return get(settings.MAIL_PROVIDER)


def table() -> list[Provider]:
    return [get(name) for name in PROVIDERS]


def personal(text: str, provider: Provider) -> str:
    """Rendered text with its personal fields as this provider writes them: the only place where
    they are.

    What an author typed can't become one: it is broken with a space of no width.
    """
    text = literal(text, provider)
    return ANY_FIELD.sub(lambda field: provider.field.format(field[1]), text)


def literal(text: str, provider: Provider) -> str:
    """Text in which this provider finds nothing to fill in, whatever was typed."""
    return broken(text, provider.opens) if provider.opens else text


def broken(text: str, opens: str) -> str:
    """“{{{x}}}” has two beginnings, and providers don't mind case."""
    first, rest = re.escape(opens[0]), re.escape(opens[1:])
    return re.sub(f"({first})(?={rest})", "\\1\u200b", text, flags=re.IGNORECASE)
