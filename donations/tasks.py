"""What Celery calls. Tasks take ids or nothing, and are safe to run twice or late."""

from celery import shared_task
from django.utils import timezone

from donations import reminders, sync
from donations.models import StripeEvent


@shared_task
def process_event(event_id: str) -> None:
    event = StripeEvent.objects.get(pk=event_id)
    if event.handled_at is None:
        sync.process(event)


@shared_task
def retry_events() -> None:
    """Events whose task was lost or whose next try is due."""
    due = StripeEvent.objects.unhandled(timezone.now()).order_by("next_try_at")
    for event_id in due.values_list("pk", flat=True)[:500]:
        process_event.apply_async([event_id], expires=30)


@shared_task
def send_due_reminders() -> None:
    reminders.send_due(timezone.now())
