"""Close the newsroom: eight steps, in this order, each safe to run again.

1. *Closed*: one row. From then on no page opens, no job runs, nothing is claimed for sending, on
   any machine. All else makes it last.
2. *Sending stopped*: mailings are paused or taken off the schedule, single mails given up.
3. *Signed out*: all sessions end. Links to choose a password, and known devices, hang on
   ``SECRET_KEY``, without whose change nothing opens again (reopening.py).
4. *Links revoked*: previews are taken back. Readers' and donors' own pages, data and confirmations
   hang on ``SECRET_KEY`` and ``LINKS_REVOKED``.
5. *Files destroyed*: what lies ready for an import. Exports are made while they are fetched: none
   lies anywhere.
6. *Told*: everybody who could have pressed the button, by mail, for five seconds at most.
7. *Keys destroyed*, when an escrow copy was seen: the order to all machines, then this machine's.
8. *Processes ended*: each by itself, within seconds (newsroom/closed/watch.py).

A step that fails is said, and stops no other: most would hold anyway when the keys are gone.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from wagtail import hooks

from newsroom.accounts import audit
from newsroom.accounts.models import StaffSession
from newsroom.closed import keys_file, state
from newsroom.closed.models import Closure, fingerprint
from newsroom.mail.catalogue import mails
from newsroom.mail.compose import compose
from newsroom.models import Asked, PreviewLink, TransactionalMail
from newsroom.panic import escrow

log = logging.getLogger(__name__)

CLOSED = "The newsroom was closed."
TELLS_FOR = 5.0  # seconds
WAITS_FOR = "3s"  # for a row that somebody else has locked
LEFT_TO_PEOPLE = [
    "Mail provider: revoke the API key or password, and delete its logs: they name readers.",
    "Stripe: roll the secret key. Recurring contributions go on until you pause them there.",
    "DNS and hosting: decide who may still sign in there, and change passwords and tokens.",
    "Backups: whoever has one and the keys of then can read it. Keep the escrow copy away.",
    "Telephones and laptops: sign out of mail, chat and password managers.",
]


class Step(NamedTuple):
    title: str
    words: str
    done: bool


class NotDone(Exception):
    """Why, for people, as ``args[0]``."""


def close(by: str, *, without_escrow: bool = False) -> Iterator[Step]:
    """Each step when it is done. ``by``: the logins of who wants it, or the command."""
    closure: Closure | None = None

    def shut() -> str:
        nonlocal closure
        closure, new = Closure.objects.get_or_create(
            open=True, defaults={"by": by, "secret": fingerprint(settings.SECRET_KEY)}
        )
        audit.record(by[:150], "closed the newsroom" if new else "closed the newsroom once more")
        return f"since {timezone.localtime(closure.closed_at):%-d %B %Y, %H:%M:%S}"

    yield _step("Closed", shut)
    state.has_changed()
    if closure:
        yield _step("Sending stopped", stop_sending)
        yield _step("Signed out", sign_out)
        yield _step("Links revoked", revoke_links)
        yield _step("Files destroyed", destroy_files)
        yield _step("Told", tell)
    yield _step("Keys destroyed", lambda: destroy_keys(closure, without_escrow))


def _step(title: str, do: Callable[[], str]) -> Step:
    try:
        return Step(title, do(), True)
    except NotDone as reason:
        return Step(title, str(reason), False)
    except Exception as error:  # the others go on
        log.exception("panic: %s", title)
        return Step(title, f"not done ({type(error).__name__}). Run it again.", False)


def _impatient(do: Callable[[], str]) -> Callable[[], str]:
    """In a transaction that waits for nobody for long."""

    def run() -> str:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{WAITS_FOR}'")
            return do()

    run.__doc__ = do.__doc__
    return run


@_impatient
def stop_sending() -> str:
    found = [hook() for hook in hooks.get_hooks("closing_stops")]
    asked, _ = Asked.objects.unanswered().delete()
    status = TransactionalMail.Status
    waiting = TransactionalMail.objects.filter(status__in=[status.WAITING, status.SENDING])
    found.append(f"{waiting.give_up(CLOSED)} single mails given up, {asked} forms forgotten")
    return ", ".join(found)


@_impatient
def sign_out() -> str:
    ended, _ = StaffSession.objects.all().delete()
    return f"{ended} sessions ended"


@_impatient
def revoke_links() -> str:
    now = timezone.now()
    back = PreviewLink.objects.open(now).update(ends_at=now)
    return f"{back} preview links taken back; all other links are dead with SECRET_KEY"


@_impatient
def destroy_files() -> str:
    found = [hook() for hook in hooks.get_hooks("closing_destroys")]
    return ", ".join(found) or "there are none"


def tell() -> str:
    """Not by the outbox, which is stopped. A provider that is away holds up nothing."""
    words, writer = mails()["closed"]
    letter = writer()
    if not letter or not letter.to:
        return "nobody has the right and an address"
    message = compose(words, letter)
    problems: list[str] = []

    def send() -> None:
        try:
            message.send()
        except Exception as error:
            problems.append(type(error).__name__)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(TELLS_FOR)
    if thread.is_alive() or problems:
        raise NotDone("the mail provider does not answer: tell your colleagues yourself.")
    return f"{len(letter.to)} colleagues have a mail"


def destroy_keys(closure: Closure | None, without_escrow: bool) -> str:
    if keys_file.path() is None:
        raise NotDone(
            "KEYS_FILE is not set: the keys are in the environment, which only you can empty. "
            "Remove them where it is written down, and end all processes."
        )
    if not without_escrow:
        _refuse_without_copy()
    now = timezone.now()
    if closure:
        Closure.objects.filter(pk=closure.pk).update(order=closure.order_for_keys())
        now = closure.closed_at
    try:
        keys_file.destroy(now.isoformat())
    except OSError as error:
        raise NotDone(f"{keys_file.path()}: {error.strerror}. Remove it yourself.") from error
    return "here; other machines and all processes follow within seconds"


def _refuse_without_copy() -> None:
    try:
        missing = escrow.without_copy()
    except Error as error:
        raise NotDone("the database does not say whether there is an escrow copy.") from error
    if missing:
        raise NotDone(
            f"no escrow copy that was checked holds {', '.join(missing)}. They stay, or nothing "
            "here could ever be read again. “manage.py escrow” makes a copy and checks it."
        )
