"""What ``manage.py doctor`` looks at of newsletters and their readers."""

from collections.abc import Iterator

from django.db.models import Min
from django.utils import timezone

from newsroom.core.privacy import list_index
from newsroom.doctor import domains
from newsroom.doctor.examination import Check, Finding, warning, wrong
from newsroom.doctor.stores import waiting
from newsroom.doctor.table import TABLES
from subscriptions.models import Batch, Newsletter, ProviderEvent, Subscriber

MANY_EVENTS = 100_000


def checks() -> list[Check]:
    return [
        Check("Senders of newsletters", senders_are_believed, ("MAIL_PROVIDER", TABLES)),
        Check("Index of readers", index_finds_readers, ("BLIND_INDEX_KEY", "Keys")),
        Check("Issues that go out", batches_are_taken_up, (TABLES,)),
        Check("Events of the mail provider", events_are_followed, (TABLES,)),
    ]


def senders_are_believed() -> Iterator[Finding]:
    """Those that the settings don't name."""
    found = {newsletter.sender_domain for newsletter in Newsletter.objects.live()}
    for domain in sorted(found.difference(domains.of_settings(), [""])):
        yield from domains.sender(domain)


def index_finds_readers() -> Iterator[Finding]:
    newest = Subscriber.objects.filter(forgotten_on=None).order_by("-pk").first()
    if newest and list_index(newest.email) != bytes(newest.email_index):
        words = "BLIND_INDEX_KEY is another one than readers were written with: nobody is found."
        yield wrong(words, "find the key of this database")


def batches_are_taken_up() -> Iterator[Finding]:
    due = Batch.objects.sendable().filter(next_try_at__lte=timezone.now())
    oldest = due.aggregate(oldest=Min("next_try_at"))["oldest"]
    yield from waiting("A batch of an issue", oldest, "sender")


def events_are_followed() -> Iterator[Finding]:
    if ProviderEvent.objects.waiting().order_by()[: MANY_EVENTS + 1].count() > MANY_EVENTS:
        yield warning(f"More than {MANY_EVENTS:,} wait.", "more processes: manage.py run events:4")
