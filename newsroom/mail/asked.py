"""What strangers may ask us to mail: so much to one mailbox, at a price when it comes too fast.

A form calls :func:`ask`; the job :func:`answer` does what the hook ``asked_<what>`` says.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from wagtail import hooks

from newsroom.core.clock import day_of
from newsroom.core.database import one_at_a_time
from newsroom.core.jobs import after_commit
from newsroom.core.privacy import keyed_hash
from newsroom.hold import gate
from newsroom.mail import outbox
from newsroom.models import Asked
from newsroom.web.proof_of_work import has_worked
from newsroom.web.public_forms import tries

PER_WEEK = 3  # mails that strangers can cause to one mailbox, of one kind
WEEK = timedelta(days=7)
# Addresses on readers' forms, before each costs a sum: of everyone in a minute; of one domain.
# (A password reset mails staff only, and three times: it costs none.)
PER_MINUTE = 60
PER_DOMAIN, DOMAIN_SECONDS = 40, 600

# Providers where several domains are one, and signs that mean nothing in a name there.
SAME = {
    "gmail.com": (["googlemail.com"], "."),
    "proton.me": (["protonmail.com", "pm.me", "protonmail.ch"], ".-_"),
    "icloud.com": (["me.com", "mac.com"], ""),
    "yandex.ru": (["ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"], ".-"),
}
FIRST = {name: first for first, (others, _) in SAME.items() for name in (first, *others)}


def mailbox_of(what: str, email: str) -> bytes:
    """The blind index of the mailbox, for one kind of mail: ann+1@… and ann+2@… are Ann's (RFC
    5233)."""
    local, _, domain = email.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in FIRST:
        domain = FIRST[domain]
        local = "".join(sign for sign in local if sign not in SAME[domain][1]) or local
    return keyed_hash(f"{local}@{domain}", f"mailbox {what}")


def needs_work(request: HttpRequest, email: str, said: Mapping[str, Any] | None = None) -> bool:
    """Count this address; True when addresses come too fast, and no work comes with it. Staff are
    told once a day. Who leaves no address ("") does no work."""
    if not email:
        return False
    domain = email.rpartition("@")[2].casefold()
    everyone = tries("asked", 60) > PER_MINUTE
    same = tries(f"asked|{domain}", DOMAIN_SECONDS) > PER_DOMAIN
    if not everyone and not same:
        return False
    today = timezone.localdate()
    outbox.post("addresses_flood_in", today.toordinal(), key=str(today))
    return not has_worked(request, said)


def ask(what: str, email: str, **detail: int | str | list[int]) -> None:
    """Write it down, the same for every address, and let a job do it."""
    asked = Asked.objects.create(
        what=what, email=email, mailbox=mailbox_of(what, email), detail=detail
    )
    after_commit("newsroom.tasks.answer_asked", asked.pk)


def answer(asked_id: int) -> None:
    """Do what was asked, unless this mailbox has had its mails. Safe to call twice. The hook gets
    the address and the details, and says whether it has caused a mail."""
    gate.holds()
    Asked.objects.filter(pk=asked_id, answered=False).update(tries=F("tries") + 1)
    with transaction.atomic():
        found = Asked.objects.select_for_update(skip_locked=True)
        asked = found.filter(pk=asked_id, answered=False, held=False).first()
        if asked is None:
            return
        # Two jobs must not both find room for one mail to a mailbox.
        one_at_a_time(int.from_bytes(asked.mailbox[:8], "big", signed=True))
        asked.mailed = not had_enough(asked) and _do(asked)
        close(asked)


def close(asked: Asked) -> None:
    """Answered; whose it was, and its hour, are gone."""
    asked.email, asked.detail, asked.answered, asked.held = "", {}, True, False
    asked.created_at = day_of(asked.created_at)
    asked.save(update_fields=["mailed", "email", "detail", "answered", "held", "created_at"])


def _do(asked: Asked) -> bool:
    [hook] = hooks.get_hooks(f"asked_{asked.what}")
    return bool(hook(asked.email, **asked.detail))


def had_enough(asked: Asked) -> bool:
    since = day_of(timezone.now()) - WEEK
    mailed = Asked.objects.mailed_since(asked.what, asked.mailbox, since)
    return mailed.count() >= PER_WEEK
