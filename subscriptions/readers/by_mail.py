"""Leaving by mail: each subscription has an address to write to, beside the mailbox of bounces.

Offered in ``List-Unsubscribe`` (RFC 2369) where ``RETURN_PATH`` is set, since then somebody reads
what comes there: the mail server pipes it into ``manage.py bounce``. And the one-click presses of
mail programs (RFC 8058) that came while the newsroom was closed.
"""

from collections.abc import Collection
from contextlib import suppress
from email.parser import BytesHeaderParser

from django.conf import settings
from django.db import transaction

from newsroom.core import tokens
from subscriptions.models import Subscription
from subscriptions.readers import signup

LEAVE = "leave-"
# What programs say of mail that no person wrote, and what they are known to say instead.
ANSWERS = ("x-autoreply", "x-autorespond", "x-autoresponse")
IN_BULK = {"bulk", "junk", "auto_reply"}


def token_of(subscription_id: int) -> str:
    """In small letters: mail servers lose the case of an address."""
    return tokens.caseless("leave", subscription_id)


def address(token: str) -> str:
    """Where mail makes the reader leave; ``token`` may be a merge field. Its local part has 39
    characters besides that of RETURN_PATH, of 64 (RFC 5321, 4.5.3.1.1)."""
    local, _, domain = settings.RETURN_PATH.partition("@")
    return f"{local}+{LEAVE}{token}@{domain}"


def subscription_of(to: str) -> int | None:
    """The id in such an address; None for another kind. Raises BadToken."""
    extension = to.strip("<> ").lower().rpartition("@")[0].rpartition("+")[2]
    if not extension.startswith(LEAVE):
        return None
    return tokens.read_caseless("leave", extension.removeprefix(LEAVE))


def leave(subscription_id: int, mail: bytes) -> None:
    """Whoever sent it, the address is the proof; an answering machine has sent nothing of its own
    will."""
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription and not is_automatic(mail):
        signup.unsubscribe(subscription, how="mail")


def is_automatic(mail: bytes) -> bool:
    """An answer of a machine (RFC 3834, 2 and 5), or a report about a mail (RFC 6522)."""
    headers = BytesHeaderParser().parsebytes(mail)

    def says(name: str) -> str:
        words = str(headers.get(name, "")).lower().replace("(", " ").replace(";", " ").split()
        return words[0] if words else ""

    return (
        says("auto-submitted") not in ("", "no")
        or says("precedence") in IN_BULK
        or says("content-type") == "multipart/report"
        or says("return-path") == "<>"
        or any(name in headers for name in ANSWERS)
    )


def leave_by_tokens(found: Collection[str]) -> int:
    """One-click unsubscribes that nobody could read when they came; how many readers left."""
    pks, left = [], 0
    for token in found:
        with suppress(tokens.BadToken):
            pks.append(tokens.read_permanent("unsubscribe", token))
    rows = Subscription.objects.exclude(status=Subscription.Status.UNSUBSCRIBED).order_by("pk")
    for start in range(0, len(pks), 1000):
        with transaction.atomic():
            some = list(rows.select_for_update().filter(pk__in=pks[start : start + 1000]))
            signup.leave_all(some, "one-click")
        left += len(some)
    return left
