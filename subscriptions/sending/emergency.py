"""When the newsroom is closed (newsroom/panic/steps.py): no mailing goes on, now or afterwards,
before a person has said so for each."""

from newsroom.core.moves import transition
from subscriptions.models import Mailing
from subscriptions.models.mailing import CLOSED

Status = Mailing.Status


def stop_mailings() -> str:
    """Pauses what is being sent, and takes its hour from what was to be. Safe to run again."""
    paused = transition(
        Mailing.objects.filter(status=Status.SENDING), Status.PAUSED, problem=CLOSED
    )
    waiting = Mailing.objects.filter(status__in=[Status.SCHEDULED, Status.MISSED])
    taken = transition(waiting, Status.APPROVED, send_at=None, not_after=None, problem=CLOSED)
    return f"{paused} mailings paused, {taken} taken off the schedule"
