"""The welcome series: up to five mails, each some days after a reader has confirmed."""

from datetime import datetime, timedelta

from django.utils import timezone

from newsroom.mail import outbox
from subscriptions.models import Subscription, WelcomeMail

# A mail whose day was longer ago is left out: readers of old get no series that is new.
WINDOW = timedelta(days=3)
MORNING = timedelta(hours=10)  # of the newsroom's clock: nobody is written to at midnight
AT_ONCE = 500


def post_all_due() -> None:
    while post_due(timezone.now()):
        pass


def post_due(now: datetime) -> int:
    """Queue what is due, once per reader and mail; how many."""
    posted = 0
    for mail in WelcomeMail.objects.filter(newsletter__live=True):
        due = timezone.localdate(now - MORNING) - timedelta(days=mail.after_days)
        readers = Subscription.objects.mailable().filter(
            newsletter=mail.newsletter_id, confirmed_on__range=(due - WINDOW, due)
        )
        # Who moved in with a list has read us for long, and no import causes a mail.
        readers = readers.exclude(source__startswith="import ")
        keys = {pk: f"{pk}-{mail.pk}" for pk in readers.values_list("pk", flat=True)}
        new = outbox.never_posted("series", keys)
        for pk in new[:AT_ONCE]:
            outbox.post("series", pk, key=keys[pk], second_id=mail.pk)
        posted += len(new[:AT_ONCE])
    return posted
