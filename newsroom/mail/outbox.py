"""Single mails: posted in the transaction that causes them, sent by a task, once."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from newsroom.closed.models import Closure
from newsroom.core.jobs import after_commit
from newsroom.core.moves import transition
from newsroom.core.privacy import keyed_hash
from newsroom.hold import gate
from newsroom.mail import providers
from newsroom.mail.catalogue import Letter, NotYet, mails
from newsroom.mail.compose import compose
from newsroom.mail.errors import Outcome, SendError, classify
from newsroom.mail.providers import Call
from newsroom.models import TransactionalMail
from newsroom.models.transactional_mail import RETRY_AFTER

log = logging.getLogger(__name__)

Status = TransactionalMail.Status
NOT_YET = timedelta(days=1)  # until it is asked again
TAG = "single"  # beside “mailing-42” in the provider's statistics


def post(purpose: str, object_id: int, key: str, second_id: int | None = None) -> bool:
    """Queue the mail ``purpose`` about one row, or two, unless the same key was posted before; was
    it new? Raises KeyError for a purpose that nobody writes."""
    held = _held(purpose)
    mail, new = TransactionalMail.objects.get_or_create(
        purpose=purpose,
        key=_hidden(key),
        defaults={"object_id": object_id, "second_id": second_id, "held": held},
    )
    if new:
        after_commit("newsroom.tasks.send_mail", mail.pk)
    return new


def post_all(purpose: str, keys: Mapping[int, str], at: datetime) -> None:
    """One mail each about many rows, with the key of each, to go out from then on: a beat job finds
    them."""
    about = {"purpose": purpose, "next_try_at": at, "held": _held(purpose)}
    new = [TransactionalMail(object_id=pk, key=_hidden(key), **about) for pk, key in keys.items()]
    TransactionalMail.objects.bulk_create(new, ignore_conflicts=True)


def wake(purpose: str, object_id: int, key: str) -> None:
    """There is something to say after all: the mail that was put off, or dropped, goes out. One
    that was sent or given up stays so, and none is made: that it was sent is forgotten in time."""
    mails = TransactionalMail.objects.filter(purpose=purpose, key=_hidden(key))
    now = timezone.now()
    put_off = mails.filter(status=Status.WAITING, error="").update(next_try_at=now)
    if put_off or transition(
        mails,
        Status.WAITING,
        frm=[Status.DROPPED],
        object_id=object_id,
        next_try_at=now,
        tries=0,
        in_doubt=False,
        held=_held(purpose),
    ):
        after_commit("newsroom.tasks.send_mail", mails.get().pk)


def new_call() -> int:
    """A number for a mail to many, that tells no order."""
    return secrets.randbits(62)


def halve(purpose: str, call: QuerySet[Any]) -> None:
    """The provider refuses a mail to many, for one of them perhaps: each half gets one of its own.
    ``call``: the rows that it is about, by their field of that name."""
    ids = list(call.order_by("pk").values_list("pk", flat=True))
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        new = new_call()
        call.model._default_manager.filter(pk__in=half).update(call=new)
        post(purpose, new, key=str(new))


def never_posted(purpose: str, keys: Mapping[int, str]) -> list[int]:
    """Of rows with the key that each one's mail has: those whose mail was not posted so far."""
    hidden = {pk: _hidden(key) for pk, key in keys.items()}
    posted = TransactionalMail.objects.filter(purpose=purpose, key__in=hidden.values())
    there = {bytes(key) for key in posted.values_list("key", flat=True)}
    return [pk for pk, key in hidden.items() if key not in there]


def posted(purposes: Iterable[str], key: str) -> Iterable[TransactionalMail]:
    """The mails about one row that were posted with that key, as long as they are remembered."""
    return TransactionalMail.objects.filter(purpose__in=list(purposes), key=_hidden(key))


def _held(purpose: str) -> bool:
    """After a restore only what is awaited goes: the rest may have been sent already."""
    words, _ = mails()[purpose]
    return not words.awaited and gate.look()


def _hidden(key: str) -> bytes:
    """A key names rows, so it is kept as a keyed hash."""
    return keyed_hash(key, "mail")


def ten_minutes() -> int:
    """Which ten minutes it is, for a key: who asks again within them gets no second mail."""
    return int(timezone.now().timestamp()) // 600


def send(mail: TransactionalMail, now: datetime) -> None:
    """Write and send one mail. Safe to call twice: the second finds it taken or done."""
    gate.holds()  # if a hold begins here, this mail is held
    claim = None if Closure.current() else mail.claim(now)
    if claim is None:
        return
    letter = None
    try:
        words, writer = mails()[mail.purpose]
        letter = writer(*mail.about)
        if letter is None or not letter.to:  # the reader left or the moment has passed
            mail.finish(Status.DROPPED)
            return
        message = compose(words, letter)
        message.tags = [TAG]
        message.metadata = {"batch": name_of(mail)}
        providers.current().adapt(message, name_of(mail))
        if claim.may_have_arrived:
            message.to = _still_to_go(mail, message.to, letter)
            if not message.to:
                mail.finish(Status.SENT)
                return
        message.send()
    except NotYet:
        doubt = claim.may_have_arrived
        mail.finish(Status.WAITING, next_try_at=now + NOT_YET, tries=0, in_doubt=doubt, error="")
    except Unknown:
        mail.finish(Status.FAILED, error="The provider may have it, and can't say.")
    except Exception as error:
        outcome = classify(error, providers.current())
        log.warning("Mail %s (%s): %s", mail.pk, mail.purpose, outcome.reason)
        _finish_failed(mail, outcome, now, letter)
    else:
        mail.finish(Status.SENT)


def name_of(mail: TransactionalMail) -> str:
    """What travels with it, so that the provider can be asked."""
    return f"mail-{mail.pk}"


class Unknown(Exception):
    """It may have gone to many, and nobody can be asked."""


class Unasked(Exception):
    """The same, at this moment."""


def _still_to_go(mail: TransactionalMail, to: list[str], letter: Letter) -> list[str]:
    """Whom an earlier try has not reached. Where the provider can't say, a single mail is sent
    again: a doubled confirmation harms less than none. One to many is not (raises Unknown), unless
    a repeat makes no second mail there."""
    provider = providers.current()
    if provider.find is None:
        same = provider.repeat_within and timezone.now() < mail.created_at + provider.repeat_within
        if letter.each and not same and len(to) > 1:
            raise Unknown
        return to
    evidence = provider.find(Call(name_of(mail), name_of(mail), TAG, to, mail.created_at))
    if evidence is None and letter.each:
        raise Unasked
    return to if evidence is None else evidence.missing


def _finish_failed(
    mail: TransactionalMail, outcome: Outcome, now: datetime, letter: Letter | None
) -> None:
    match outcome.kind:
        case SendError.ADDRESS | SendError.CALL if letter and letter.halve and len(letter.to) > 1:
            with transaction.atomic():  # until what is bad stands alone
                letter.halve()
                mail.finish(Status.DROPPED)
        case SendError.HAD:
            mail.finish(Status.SENT)
        case SendError.ADDRESS:
            mail.finish(Status.FAILED, in_doubt=False, error=outcome.reason[:200])
        case SendError.IN_DOUBT:
            _try_again(mail, outcome, now, in_doubt=True)
        case (
            SendError.NOT_SENT
            | SendError.SLOWER
            | SendError.ACCOUNT
            | SendError.CALL
            | SendError.LATER
        ):
            _try_again(mail, outcome, now, in_doubt=False)
        case _:
            assert_never(outcome.kind)


def _try_again(mail: TransactionalMail, outcome: Outcome, now: datetime, in_doubt: bool) -> None:
    if mail.tries > len(RETRY_AFTER):
        mail.finish(Status.FAILED, error=outcome.reason[:200])
        return
    again = {"next_try_at": now + RETRY_AFTER[mail.tries - 1], "error": outcome.reason[:200]}
    mail.finish(Status.WAITING, in_doubt=in_doubt, **again)
