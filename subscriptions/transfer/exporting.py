"""The list as a file to take away: one row for each reader of each newsletter.

One COPY reads it, so it is one state of the database, in constant memory, however long the list;
nothing of it is kept here. Addresses are opened one by one as they are written.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connections

from newsroom.core import spreadsheets
from newsroom.core.database import reports
from newsroom.core.privacy import unseal
from subscriptions.models import Newsletter, ReaderCount, ReaderMove, Subscription

HEADINGS = [
    "email", "newsletter", "status", "source", "signed_up_on", "confirmed_on", "unsubscribed_on",
    "paused_until", "no_mail_because", "tags",
]  # fmt: skip
CONTEXT = "subscriber.email"
# What nearly all addresses are made of: such a text is a cell as it stands.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@_+=-]*", re.A)
AT_ONCE = 10_000
# What lies between the address and the tags is made by PostgreSQL: days, words of ours; but for the
# newsletter's number and the source, in whose place Python writes a cell.
ROWS = """
    COPY (
        SELECT subscriber.email, subscription.newsletter_id, subscription.source,
               subscription.status,
               concat_ws(',', subscription.created_on,
                         coalesce(subscription.confirmed_on::text, ''),
                         coalesce(subscription.unsubscribed_on::text, ''),
                         coalesce(subscription.paused_until::text, ''),
                         coalesce(suppression.reason, '')),
               tagged.names
        FROM subscriptions_subscription subscription
        JOIN subscriptions_subscriber subscriber ON subscriber.id = subscription.subscriber_id
        LEFT JOIN newsroom_suppression suppression USING (email_index)
        LEFT JOIN (
            SELECT subscriber_id, array_agg(name ORDER BY name) AS names
            FROM subscriptions_readertag GROUP BY subscriber_id
        ) tagged ON tagged.subscriber_id = subscriber.id
        WHERE subscription.newsletter_id = ANY(%s) AND subscription.status = ANY(%s)
        AND subscriber.forgotten_on IS NULL
    ) TO STDOUT (FORMAT binary)
"""
TYPES = ["bytea", "int4", "varchar", "varchar", "text", "varchar[]"]
ALL = list(Subscription.Status.values)


def lines(newsletters: Iterable[Newsletter], statuses: Iterable[str] = ALL) -> Iterator[str]:
    """The file, a line at a time; the first has the headings. Read it to its end."""
    titles = {one.pk: cell(one.title) for one in newsletters}
    sources: dict[str, str] = {}
    yield "\ufeff" + ",".join(HEADINGS) + "\r\n"
    values = [list(titles), list(statuses)]
    with connections[reports()].cursor() as cursor, cursor.copy(ROWS, values) as copied:
        copied.set_types(TYPES)
        for sealed, newsletter, source, status, days, tags in copied.rows():
            if source not in sources:
                sources[source] = cell(source)
            email = unseal(sealed, CONTEXT)
            if not PLAIN.fullmatch(email):
                email = cell(email)
            named = cell(", ".join(tags)) if tags else ""
            yield f"{email},{titles[newsletter]},{status},{sources[source]},{days},{named}\r\n"


def cell(text: str) -> str:
    """As RFC 4180 has it, in quotes: that is right for every text."""
    return '"' + spreadsheets.in_csv(text).replace('"', '""') + '"'


def pieces(found: Iterator[str]) -> Iterator[tuple[bytes, int]]:
    """The file, 10,000 lines at a time, and how many readers are in it so far."""
    rows = -1  # the headings are none
    while some := list(islice(found, AT_ONCE)):
        rows += len(some)
        yield "".join(some).encode(), rows


def about(newsletters: Iterable[Newsletter]) -> int:
    """How many rows it may have, by kept numbers: who may get mail, and who has left."""
    chosen = list(newsletters)
    readers = sum(ReaderCount.objects.of(one) for one in chosen)
    gone = ReaderMove.objects.filter(newsletter__in=chosen, kind__in=["left", "silent", "bounced"])
    return readers + sum(n for _, _, n in gone.by("newsletter"))
