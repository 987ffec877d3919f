"""A chunk of readers against the database, in a handful of statements: what each row comes to, and
that written.

Who is confirmed, suppressed or has left here keeps the last word, unless the file's is stricter
and not older than their own:

- Suppressed here stays suppressed, and nothing is kept of such a row.
- Who has left here stays away, whatever the file says.
- Whom the file calls unsubscribed, bounced or complaining, and who confirmed here by their own act
  (not by an import): the file holds only if it says when, and that was on that day or later.
"""

from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from subscriptions.models import (
    Consent,
    ImportProblem,
    ReaderImport,
    ReaderTag,
    Subscriber,
    Subscription,
)
from subscriptions.transfer.chunks import Chunk
from subscriptions.transfer.formats import State

# Each row of a chunk is looked up by an index, however little PostgreSQL knows yet of tables that
# grow by it: to go through all readers for each chunk would take the longer the more there are, and
# to go through the whole first chunk for each row of the second took seconds.
BY_INDEX = """
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_material = off; SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off;
"""
INCOMING = """
    DROP TABLE IF EXISTS pg_temp.incoming, pg_temp.judged, pg_temp.incoming_tag;
    CREATE TEMPORARY TABLE incoming (
        email_index bytea, email bytea, state text, since date, left_on date, how text
    ) ON COMMIT DROP
"""
# Everything that may be changed. The readers first, as an erasure does, and so that nobody forgets
# the address of one who is just put on a list; then in the order in which a suppression locks, too
# (0002_kept_counts).
LOCK_READERS = """
    SELECT FROM subscriptions_subscriber r JOIN incoming USING (email_index)
    ORDER BY r.id FOR NO KEY UPDATE OF r
"""
LOCK = """
    SELECT FROM subscriptions_subscription s
    JOIN subscriptions_subscriber r ON r.id = s.subscriber_id JOIN incoming USING (email_index)
    ORDER BY s.id FOR NO KEY UPDATE OF s
"""
JUDGE = """
    CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
    SELECT i.*, s.status, s.confirmed_on, s.unsubscribed_on, r.id IS NULL AS is_new,
        r.forgotten_on IS NOT NULL AS is_forgotten,
        coalesce(r.id, CASE WHEN %(write)s THEN nextval('subscriptions_subscriber_id_seq') END)
            AS subscriber_id,
        coalesce(s.id, CASE WHEN %(write)s THEN nextval('subscriptions_subscription_id_seq') END)
            AS subscription_id,
        CASE
        WHEN i.state IN ('bounced', 'complained', 'blocked') THEN CASE
            WHEN x.email_index IS NOT NULL THEN 'there'
            WHEN own.anywhere IS NOT NULL AND (i.left_on IS NULL OR i.left_on < own.anywhere)
                THEN 'kept'
            ELSE 'suppressed' END
        WHEN i.state = 'active' THEN CASE
            WHEN x.email_index IS NOT NULL THEN 'barred'
            WHEN s.id IS NULL THEN 'added'
            WHEN s.status = 'confirmed' THEN 'there'
            WHEN s.status = 'pending' AND s.unsubscribed_on IS NULL THEN 'confirmed'
            ELSE 'had_left' END
        ELSE CASE
            WHEN s.id IS NULL AND x.email_index IS NOT NULL THEN 'barred'
            WHEN s.id IS NULL THEN 'left'
            WHEN s.status = 'unsubscribed' OR s.status = 'pending' AND s.unsubscribed_on IS NOT NULL
                THEN 'there'
            WHEN own.here IS NOT NULL AND (i.left_on IS NULL OR i.left_on < own.here) THEN 'kept'
            ELSE 'leaves' END
        END AS outcome
    FROM incoming i
    LEFT JOIN subscriptions_subscriber r USING (email_index)
    LEFT JOIN subscriptions_subscription s
        ON s.subscriber_id = r.id AND s.newsletter_id = %(newsletter)s
    LEFT JOIN newsroom_suppression x USING (email_index)
    LEFT JOIN LATERAL (
        SELECT max(c."on") AS anywhere, max(c."on") FILTER (WHERE o.id = s.id) AS here
        FROM subscriptions_subscription o JOIN subscriptions_consent c ON c.subscription_id = o.id
        WHERE o.subscriber_id = r.id AND i.state <> 'active'
        AND c.action = 'confirmed' AND c.how NOT LIKE 'import %%'
    ) own ON true
"""
COUNT = "SELECT outcome, count(*) FROM judged GROUP BY outcome"
CHANGED = """
    INSERT INTO subscriptions_importedchange
        (reader_import_id, subscription_id, status, confirmed_on, unsubscribed_on)
    SELECT %(import)s, subscription_id, status, confirmed_on, unsubscribed_on
    FROM judged WHERE outcome IN ('confirmed', 'leaves')
"""
# Moves of Subscription.MOVES, by the rows that the chunk has locked.
CHANGE = """
    UPDATE subscriptions_subscription s SET
        status = CASE outcome WHEN 'confirmed' THEN 'confirmed' ELSE 'unsubscribed' END,
        confirmed_on = CASE outcome WHEN 'confirmed' THEN j.since ELSE s.confirmed_on END,
        unsubscribed_on = CASE outcome WHEN 'leaves' THEN coalesce(j.left_on, %(today)s)
            ELSE s.unsubscribed_on END
    FROM judged j WHERE s.id = j.subscription_id AND j.outcome IN ('confirmed', 'leaves')
"""
SUPPRESS = """
    WITH made AS (
        INSERT INTO newsroom_suppression (email_index, reason, since, mark)
        SELECT email_index,
            CASE state WHEN 'bounced' THEN 'bounce' WHEN 'complained' THEN 'complaint'
                ELSE 'request' END,
            coalesce(left_on, %(today)s),
            ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 15))::bit(60)::bigint
        FROM judged WHERE outcome = 'suppressed' ORDER BY email_index
        ON CONFLICT (email_index) DO NOTHING RETURNING email_index, mark
    )
    INSERT INTO subscriptions_importedchange
        (reader_import_id, status, suppressed_index, suppressed_mark)
    SELECT %(import)s, '', email_index, mark FROM made
"""
TAGS = "CREATE TEMPORARY TABLE incoming_tag (email_index bytea, name text) ON COMMIT DROP"


def judge(chunk: Chunk, reader_import: ReaderImport, lock: bool) -> dict[str, int]:
    """How many rows come to what. Inside a transaction, to whose end the tables stay; with
    ``lock`` it is so until then."""
    source = reader_import.source
    with connection.cursor() as cursor:
        cursor.execute(BY_INDEX)
        cursor.execute(INCOMING)
        types = ["bytea", "bytea", "text", "date", "date", "text"]
        with cursor.copy("COPY incoming FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for index, person in sorted(chunk.people.items()):
                how = f"{source}: {person.way}"[:40] if person.way else source
                address = chunk.sealed.get(index)
                row = (index, address, str(person.state), person.since, person.left, how)
                copy.write_row(row)
        if lock:
            cursor.execute(LOCK_READERS)
            cursor.execute(LOCK)
        cursor.execute(JUDGE, {"newsletter": reader_import.newsletter_id, "write": lock})
        cursor.execute(COUNT)
        return dict(cursor.fetchall())


def write(chunk: Chunk, reader_import: ReaderImport, counts: dict[str, int]) -> None:
    """What :func:`judge` found, in the same transaction."""
    values = {
        "import": reader_import.pk,
        "newsletter": reader_import.newsletter_id,
        "today": timezone.localdate(),
        "source": reader_import.source,
    }
    if counts.get("added") or counts.get("left"):
        execute(NEW_SUBSCRIBERS, values)
        execute(KNOWN_AGAIN, values)
        execute(NEW_SUBSCRIPTIONS, values)
    if counts.get("confirmed") or counts.get("leaves"):
        execute(CHANGED, values)
        execute(CHANGE, values)
    execute(CONSENTS, values)
    if counts.get("suppressed"):
        execute(SUPPRESS, values)
    write_tags(chunk, values)


def execute(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def write_tags(chunk: Chunk, values: dict[str, Any]) -> None:
    tags = [
        (index, tag)
        for index, person in chunk.people.items()
        if person.state == State.ACTIVE
        for tag in person.tags
    ]
    if not tags:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAGS)
        with cursor.copy("COPY incoming_tag FROM STDIN") as copy:
            for row in tags:
                copy.write_row(row)
        cursor.execute("SET LOCAL enable_hashjoin = on")  # two small tables without an index
        cursor.execute(NEW_TAGS, values)


def write_problems(chunk: Chunk, reader_import: ReaderImport, most: int) -> None:
    rows = [
        ImportProblem(reader_import=reader_import, file=file, row=row, reason=reason[:80])
        for file, row, reason in chunk.problems[: max(most, 0)]
    ]
    ImportProblem.objects.bulk_create(rows, batch_size=1000)


def insert(model: type[Model], **given: str) -> str:
    """“INSERT INTO … SELECT …” with these expressions, and the model's own defaults for all other
    columns: PostgreSQL knows none of them."""
    columns, expressions = [], []
    for field in model._meta.local_concrete_fields:
        expression = given.pop(field.attname, None)
        if expression is None and field.primary_key:
            continue  # a sequence's
        if expression is None and field.null and not field.has_default():
            continue
        columns.append(f'"{field.column}"')
        expressions.append(literal(field.get_default()) if expression is None else expression)
    assert not given, given
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)}"


def literal(value: Any) -> str:
    """Of a model's default."""
    match value:
        case bool():
            return str(value).upper()
        case int():
            return str(value)
        case str():
            return "'" + value.replace("'", "''").replace("%", "%%") + "'"
        case date():
            return "%(today)s"
    raise TypeError(f"no default that SQL knows: {value!r}")


# Who signs up at this moment takes the place of a row here: the chunk is then tried once more.
SUBSCRIBER = insert(
    Subscriber,
    id="subscriber_id",
    email="email",
    email_index="email_index",
    created_on="%(today)s",
)
NEW_SUBSCRIBERS = f"""
    {SUBSCRIBER} FROM judged WHERE outcome IN ('added', 'left') AND is_new ORDER BY email_index
"""
# Who had left everything, long enough ago for us to have forgotten the address (retention.py).
KNOWN_AGAIN = """
    UPDATE subscriptions_subscriber r SET email = j.email, forgotten_on = NULL
    FROM judged j WHERE r.id = j.subscriber_id AND j.is_forgotten AND j.outcome = 'added'
"""
SUBSCRIPTION = insert(
    Subscription,
    id="subscription_id",
    subscriber_id="subscriber_id",
    newsletter_id="%(newsletter)s",
    status="CASE outcome WHEN 'added' THEN 'confirmed' ELSE 'unsubscribed' END",
    created_on="%(today)s",
    confirmed_on="since",
    unsubscribed_on="CASE outcome WHEN 'left' THEN coalesce(left_on, %(today)s) END",
    source="%(source)s",
)
NEW_SUBSCRIPTIONS = f"""
    {SUBSCRIPTION} FROM judged WHERE outcome IN ('added', 'left') ORDER BY subscriber_id
"""
CONSENT = insert(
    Consent,
    subscription_id="subscription_id",
    action="CASE WHEN state = 'active' THEN 'confirmed' ELSE 'withdrawn' END",
    policy_version="''",  # somebody else's, or ours of a time that we don't know
    how="how",
    on="coalesce(CASE WHEN state = 'active' THEN since ELSE left_on END, %(today)s)",
)
CONSENTS = f"""
    {CONSENT} FROM judged WHERE outcome IN ('added', 'left', 'confirmed', 'leaves')
    ORDER BY subscription_id
"""
TAG = insert(ReaderTag, subscriber_id="subscriber_id", name="name", by_import_id="%(import)s")
NEW_TAGS = f"""
    {TAG} FROM incoming_tag JOIN judged USING (email_index)
    WHERE outcome IN ('added', 'confirmed', 'there') ORDER BY name, subscriber_id
    ON CONFLICT (name, subscriber_id) DO NOTHING
"""
