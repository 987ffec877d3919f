"""Staff's pages about readers beside millions of them: each, a segment's count, the export."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.benchmarks import given
from tests.benchmarks.desk import Figures, median

READERS = given("READERS", 1_000_000)
AT_ONCE = 250_000
# Each has an index of their own; what is sealed is one address, since nobody compares.
SUBSCRIBERS = """
    INSERT INTO subscriptions_subscriber (email, email_index, created_on)
    SELECT %s, sha256(n::text::bytea), current_date - n %% 1500 FROM generate_series(%s, %s) n
"""
SUBSCRIPTIONS = """
    INSERT INTO subscriptions_subscription
        (subscriber_id, newsletter_id, status, source, created_on, confirmed_on, unsubscribed_on,
         seed)
    SELECT id, %s, CASE WHEN id %% 10 = 0 THEN 'unsubscribed' WHEN id %% 33 = 0 THEN 'pending'
                        ELSE 'confirmed' END,
           (ARRAY['site', 'footer', 'import 1', 'giving'])[id %% 4 + 1], created_on, created_on,
           CASE WHEN id %% 10 = 0 THEN created_on END, false
    FROM subscriptions_subscriber WHERE id BETWEEN %s AND %s
"""
TAGS = """
    INSERT INTO subscriptions_readertag (subscriber_id, name)
    SELECT id, 'patrons' FROM subscriptions_subscriber WHERE id % 20 = 0
"""

COUNTED = "FROM subscriptions_subscription WHERE"
KEPT = [
    "INSERT INTO subscriptions_readercount (newsletter_id, confirmed_on, readers) "
    f"SELECT newsletter_id, confirmed_on, count(*) {COUNTED} status = 'confirmed' GROUP BY 1, 2",
    *(
        f'INSERT INTO subscriptions_readermove (newsletter_id, source, kind, "on", readers) '
        f"SELECT newsletter_id, source, '{kind}', {day}, count(*) {COUNTED} {which} "
        "GROUP BY 1, 2, 4"
        for kind, day, which in (
            ("new", "created_on", "true"),
            ("confirmed", "confirmed_on", "status <> 'pending'"),
            ("left", "unsubscribed_on", "status = 'unsubscribed'"),
        )
    ),
]


def run() -> tuple[dict[str, Any], Figures]:
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from subscriptions.models import Newsletter, ReaderMove, Segment, Subscriber, Subscription
    from subscriptions.readers import audience
    from subscriptions.transfer import exporting
    from tests.factories import make_article, make_frozen, make_issue, make_site, make_user

    site = make_site()
    filling = timed(lambda: fill(site.newsletter, READERS))
    known = make_known(site.newsletter)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    ReaderMove.objects.fold()
    made = Segment.objects.create(
        newsletter=site.newsletter,
        name="Patrons of late",
        tags=["patrons"],
        sources=["site", "giving"],
        confirmed_from=timezone.localdate() - timedelta(days=900),
    )
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    client = Client(headers={"host": "localhost"})
    client.force_login(make_user(None))

    def page(path: str, data: Any = None) -> Callable[[], object]:
        def ask() -> None:
            answer = client.post(path, data) if data else client.get(path)
            assert answer.status_code in (200, 302), (path, answer.status_code)

        return ask

    look_up = {"email": "ann@example.org", "why": "benchmark"}
    pages = {
        "who came, who went": page("/admin/readers/"),
        "… in ten years": page("/admin/readers/?span=years"),
        "look-up of one address": page("/admin/readers/look-up/", look_up),
        "a reader": page(f"/admin/readers/{known}/"),
        "segments": page("/admin/readers/segments/"),
        "export, its form": page("/admin/readers/export/"),
        "newsletters": page("/admin/newsletters/"),
        "an issue's desk": page(f"/admin/newsletters/issue/{mailing.issue_id}/"),
    }
    figures: Figures = {name: (median(ask), "ms") for name, ask in pages.items()}
    seconds = timed(lambda: audience.count_segment(made, timezone.now()))
    figures["a segment's count, by the job"] = (seconds * 1000, "ms")
    rows = Subscription.objects.count()

    def export() -> None:
        for _ in exporting.pieces(exporting.lines(Newsletter.objects.all())):
            pass

    figures["export"] = (rows / timed(export), "rows/s")
    figures["put into the tables"] = (READERS / filling, "rows/s")
    assert Subscriber.objects.count() == READERS + 1
    return {"readers": READERS, "moves": ReaderMove.objects.count()}, figures


def fill(newsletter: Any, readers: int) -> None:
    """Without the triggers; what they keep is added up."""
    from django.db import connection, transaction

    from newsroom.core.privacy import seal

    sealed = seal("reader00001@example.org", "subscriber.email")
    with connection.cursor() as cursor:
        for first in range(1, readers + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, readers)
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(SUBSCRIBERS, [sealed, first, last])
                cursor.execute(SUBSCRIPTIONS, [newsletter.pk, first, last])
        cursor.execute(TAGS)
        for kept in KEPT:
            cursor.execute(kept)


def make_known(newsletter: Any) -> int:
    from tests.factories import make_subscription

    return int(make_subscription(newsletter, "ann@example.org").subscriber_id)


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began
