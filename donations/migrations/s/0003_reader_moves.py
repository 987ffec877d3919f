"""Written by hand: PostgreSQL itself keeps how readers come and go, see ``ReaderMove``. (When 0001
is made anew, put this file aside meanwhile.)

The names of its triggers come after those of 0002_kept_counts, so these run later: of a suppression,
the rows that it touches are locked by then.
"""

from django.db import migrations

NOTE = 'INSERT INTO subscriptions_readermove (newsletter_id, source, "on", kind, readers)'
SUPPRESSED = """EXISTS (
    SELECT FROM subscriptions_subscriber JOIN newsroom_suppression USING (email_index)
    WHERE subscriptions_subscriber.id = {row}.subscriber_id
)"""
# Both states of what a statement changed and that matters here; another address does, if no mail
# went to the old one.
CHANGED = f"""
    FROM old_rows o JOIN new_rows n USING (id)
    WHERE ((o.status, o.newsletter_id, o.source) IS DISTINCT FROM
           (n.status, n.newsletter_id, n.source)
           OR o.subscriber_id <> n.subscriber_id
           AND {SUPPRESSED.format(row="o")} <> {SUPPRESSED.format(row="n")})
"""
# The lists of the addresses in a transition table.
LISTED = """
    FROM {rows} suppression JOIN subscriptions_subscriber USING (email_index)
    JOIN subscriptions_subscription s ON s.subscriber_id = subscriptions_subscriber.id
    WHERE s.status = 'confirmed'
"""
# They were asked whether they still read us, and what ends their subscription says that it is for
# having got no answer (readers/due/sunset.py): nothing else empties that day together with it.
SILENT_OR_LEFT = """CASE WHEN n.status = 'unsubscribed' AND o.asked_on IS NOT NULL
    AND n.asked_on IS NULL THEN 'silent' ELSE 'left' END"""
KEEP = f"""
CREATE FUNCTION note_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM subscriptions_readermove;
    ELSIF TG_OP = 'INSERT' THEN
        {NOTE}
        SELECT newsletter_id, source, created_on, 'new', count(*) FROM new_rows
        WHERE status <> 'unsubscribed' GROUP BY 1, 2, 3;
        {NOTE}
        SELECT newsletter_id, source, coalesce(confirmed_on, created_on), 'confirmed', count(*)
        FROM new_rows n WHERE status = 'confirmed' AND NOT {SUPPRESSED.format(row="n")}
        GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        {NOTE}
        SELECT newsletter_id, source, current_date, 'left', count(*) FROM old_rows o
        WHERE status = 'confirmed' AND NOT {SUPPRESSED.format(row="o")} GROUP BY 1, 2;
    ELSIF EXISTS (SELECT {CHANGED}) THEN
        {NOTE}
        SELECT n.newsletter_id, n.source, current_date, 'new', count(*) {CHANGED}
        AND n.status = 'pending' AND o.status = 'unsubscribed' GROUP BY 1, 2;
        {NOTE}
        SELECT o.newsletter_id, o.source, coalesce(n.unsubscribed_on, current_date), {SILENT_OR_LEFT},
               count(*)
        {CHANGED} AND o.status = 'confirmed' AND NOT {SUPPRESSED.format(row="o")}
        GROUP BY 1, 2, 3, 4;
        {NOTE}
        SELECT n.newsletter_id, n.source, coalesce(n.confirmed_on, current_date), 'confirmed',
               count(*)
        {CHANGED} AND n.status = 'confirmed' AND NOT {SUPPRESSED.format(row="n")} GROUP BY 1, 2, 3;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_added AFTER INSERT ON subscriptions_subscription
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves();
CREATE TRIGGER note_changed AFTER UPDATE ON subscriptions_subscription
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves();
CREATE TRIGGER note_deleted AFTER DELETE ON subscriptions_subscription
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON subscriptions_subscription
    FOR EACH STATEMENT EXECUTE FUNCTION note_moves();

CREATE FUNCTION note_suppressions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {NOTE}
        SELECT s.newsletter_id, s.source, suppression.since,
               CASE WHEN reason IN ('bounce', 'refused') THEN 'bounced' ELSE 'left' END, count(*)
        {LISTED.format(rows="new_rows")} GROUP BY 1, 2, 3, 4;
    ELSE
        {NOTE}
        SELECT s.newsletter_id, s.source, current_date, 'confirmed', count(*)
        {LISTED.format(rows="old_rows")} GROUP BY 1, 2;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_suppressed AFTER INSERT ON newsroom_suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_suppressions();
CREATE TRIGGER note_lifted AFTER DELETE ON newsroom_suppression
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_suppressions();
"""
FORGET = """
DROP FUNCTION note_suppressions CASCADE;
DROP FUNCTION note_moves CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_kept_counts")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
