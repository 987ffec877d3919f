"""A Celery worker like any other, but for the places where it can be made to die or freeze.

A file named ``kill in the claim`` in CHAOS_ARMED kills the first process that gets there, with
SIGKILL; ``stop …`` freezes it. CHAOS_PER_CALL makes the batches small. CHAOS_CLOCK is by how many
seconds its machine's clock is wrong.
"""

import http.client
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import time_machine

ARMED = Path(os.environ["CHAOS_ARMED"])
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def reached(step: str) -> None:
    for action, number in SIGNALS.items():
        try:
            (ARMED / f"{action} {step}").unlink()
        except FileNotFoundError:
            continue
        os.kill(os.getpid(), number)


def before(owner: Any, name: str, step: str, when: Callable[..., bool] = lambda *a: True) -> None:
    """Put a step in front of a function."""
    original = getattr(owner, name)

    def stepping(*args: Any, **kwargs: Any) -> Any:
        if when(*args):
            reached(step)
        return original(*args, **kwargs)

    setattr(owner, name, stepping)


def after(owner: Any, name: str, step: str) -> None:
    """Put a step behind a function, however it ends."""
    original = getattr(owner, name)

    def stepping(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        finally:
            reached(step)

    setattr(owner, name, stepping)


def install() -> None:
    import django

    django.setup()
    from newsroom.mail import providers
    from newsroom.mail.providers import mailgun, smtp
    from subscriptions.models import Mailing
    from subscriptions.sending import claiming, engine, reconcile, transports, warm_up
    from subscriptions.transfer import bulk, importing, undoing

    if per_call := int(os.environ.get("CHAOS_PER_CALL", "0")):
        for module in (mailgun, smtp):
            module.provider = replace(module.provider, per_call=per_call)
        providers.get.cache_clear()
    sending = Mailing.Status.SENDING
    before(Mailing, "move", "in the freeze", lambda mailing, to: to == sending)
    before(claiming, "eligible", "in the claim")
    before(transports.APITransport, "send", "before the call")
    before(transports.SMTPTransport, "send", "before the call")
    before(http.client.HTTPConnection, "getresponse", "during the call")
    after(transports.APITransport, "send", "after the call")
    after(transports.SMTPTransport, "send", "after the call")
    before(engine, "finish", "before the finish")
    after(engine, "finish", "after the finish")
    before(reconcile, "look_into", "while reconciling")
    before(reconcile, "found", "with evidence in hand")

    warm_up.PAUSE = timedelta(seconds=1)

    importing.CHUNK = undoing.AT_ONCE = 400
    before(importing, "look", "while its file is taken in")
    before(bulk, "judge", "while it is looked through", lambda _, made: made.status == "checking")
    after(bulk, "write", "while a chunk is written")
    after(importing, "write_chunk", "between two chunks")
    before(importing, "forget_file", "at the end of an import")
    before(undoing, "alive", "while it is undone")
    after(undoing, "take_back_some", "between two steps of an undo")
    after(undoing, "give_back_some", "at the end of an undo")


if __name__ == "__main__":
    install()
    if wrong := int(os.environ.get("CHAOS_CLOCK", "0")):
        time_machine.travel(time.time() + wrong).start()
    from celery.__main__ import main

    sys.argv = ["celery", "--quiet", "-A", "newsroom", "worker", *sys.argv[1:]]
    main()
