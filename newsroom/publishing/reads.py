"""Counting how often an article is opened, so that the newsletter knows the week's most read.

Pages come from caches, so the page itself tells us, by a POST of the article's number and nothing
else: no cookie, no address, no reader. Without JavaScript a reader isn't counted. The counts
gather in Redis and go to the database once a minute; a wiped Redis costs a minute of them, a
worker that dies at the wrong moment may count a minute twice.
"""

from contextlib import suppress
from datetime import date

import redis
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from newsroom.core.environment.redis_url import store
from newsroom.web.public_forms import comes_from_our_page, too_often

LIMIT = {"most": 120, "seconds": 600}  # reads from one network
COUNTING, MOVING = "reads", "reads:moving"
ADD = """
    INSERT INTO newsroom_dailyreads (article_id, "on", count)
    SELECT page_ptr_id, %s, n FROM unnest(%s::bigint[], %s::int[]) AS moved(id, n)
    JOIN newsroom_articlepage ON page_ptr_id = id
    ON CONFLICT (article_id, "on") DO UPDATE
    SET count = newsroom_dailyreads.count + excluded.count
"""


@csrf_exempt
@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """One more reader of an article: 204, whether it is counted or not."""
    known = pk < 2**31  # what a row can be numbered; one that is none drops out later
    if known and comes_from_our_page(request) and not too_often(request, "read", **LIMIT):
        with suppress(redis.RedisError):  # a count is not worth a reader's time
            store().hincrby(COUNTING, str(pk), 1)
    return HttpResponse(status=204)


def move_to_database(today: date | None = None) -> int:
    """What has gathered, into the rows of today; how many reads were moved."""
    kept = store()
    if not kept.exists(MOVING):
        try:
            kept.rename(COUNTING, MOVING)  # what comes from now on gathers anew
        except redis.ResponseError:
            return 0  # nothing has gathered
    counts = {int(pk): int(count) for pk, count in kept.hgetall(MOVING).items()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ADD, [today or timezone.localdate(), list(counts), list(counts.values())])
    kept.delete(MOVING)
    return sum(counts.values())
