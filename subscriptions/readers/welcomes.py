"""The welcome series: up to five mails, each some days after a reader has confirmed."""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from newsroom.mail import outbox
from newsroom.models import TransactionalMail
from subscriptions.models import Subscription, WelcomeMail

# A mail whose day was longer ago is left out: readers of old get no series that is new.
WINDOW = timedelta(days=3)
AT_ONCE = 500


def post_due(now: datetime) -> int:
    """Queue what is due, once per reader and mail; how many."""
    posted = 0
    for mail in WelcomeMail.objects.filter(newsletter__live=True):
        due = now - timedelta(days=mail.after_days)
        key = Concat(Cast(OuterRef("pk"), CharField()), Value(f"-{mail.pk}"))
        had = TransactionalMail.objects.filter(purpose="series", key=key)
        readers = Subscription.objects.mailable().filter(
            ~Exists(had), newsletter=mail.newsletter_id, confirmed_at__range=(due - WINDOW, due)
        )
        for pk in readers.values_list("pk", flat=True)[:AT_ONCE]:
            outbox.post("series", pk, key=f"{pk}-{mail.pk}", second_id=mail.pk)
            posted += 1
    return posted
