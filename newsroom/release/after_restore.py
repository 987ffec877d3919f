"""From the restore to the end of its hold: what may have left already is found, and decided.

hold_begins (newsroom/hold/gate.py) -> gather -> a person decides, item by item -> the end
"""

import logging

from wagtail import hooks

from newsroom.accounts import audit
from newsroom.accounts.models import StaffSession
from newsroom.core import clock
from newsroom.hold import gate, items
from newsroom.hold.items import Item, NotNow
from newsroom.mail import outbox
from newsroom.models import Asked, Hold, TransactionalMail

log = logging.getLogger(__name__)


def hold_back() -> None:
    """What waits here; and everybody signs in anew: who was signed out since is in again."""
    TransactionalMail.objects.waiting().update(held=True)
    Asked.objects.filter(answered=False).update(held=True)
    StaffSession.objects.all().delete()
    for hold in Hold.objects.filter(ended_at=None):
        outbox.post("held", hold.pk, key=f"{hold.pk}-{hold.began_at}")


def keep() -> None:
    """The beat's: gather what is due, go on with what somebody has released and others were asked
    about since, and end a hold in which nothing is left. Safe to repeat, and for two at once."""
    if not gate.look():
        return
    for hook in hooks.get_hooks("hold_goes_on"):
        hook()
    for hold in Hold.objects.filter(ended_at=None):
        if hold.gathered_at or gather(hold):
            end_if_done()


def gather(hold: Hold) -> bool:
    """Let each app find what is due by now, a part of which may have gone out since the dump: as
    there is a hold, it waits in it. False when something is in the way of that."""
    try:
        for hook in hooks.get_hooks("hold_gathers"):
            hook()
    except Exception as error:
        words = str(error) if isinstance(error, NotNow) else "It stopped: our log says more."
        log.warning("hold: what is due was not gathered: %s", type(error).__name__)
        Hold.objects.filter(pk=hold.pk).update(problem=words[:200])
        return False
    complete(hold)
    return True


def complete(hold: Hold) -> None:
    Hold.objects.filter(pk=hold.pk).update(gathered_at=clock.now(), problem="")


def end_if_done() -> bool:
    """When nothing is held any more, mail and money go as always."""
    if next(items.held(), None):
        return False
    done = Hold.objects.filter(ended_at=None, gathered_at__isnull=False)
    if not done.update(ended_at=clock.now()):
        return False
    audit.record(audit.COMMAND, "ended the hold after a restore: nothing is left in it")
    gate.look_anew()
    return True


def gathering() -> list[Item]:
    """Asked of a person when it can't be done: is the list complete?"""
    stuck = Hold.objects.filter(ended_at=None, gathered_at=None).exclude(problem="")
    return [
        Item(
            key="list",
            title="The list is not complete",
            facts=[hold.problem, "It is tried again each minute."],
            record=str,
            if_released="What is not known is not waited for. It may go out when it is.",
            release=lambda hold=hold: complete(hold),  # type: ignore[misc]
        )
        for hold in stuck
    ]


def decide(key: str, how: str) -> Item:
    """Release or drop one item; which. Raises NotNow."""
    found = next((item for item in items.held() if item.key == key), None)
    if found is None:
        raise NotNow("That is not held, or not any more.")
    act = found.release if how == "release" else found.drop
    if act is None:
        raise NotNow("That can only be released.")
    act()
    end_if_done()
    return found
