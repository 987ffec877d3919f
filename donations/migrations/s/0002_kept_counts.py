"""Written by hand: PostgreSQL itself keeps how many mailable readers a newsletter has, see
``ReaderCount``. (When 0001 is made anew, put this file aside meanwhile.)

Triggers run once for a statement, over all the rows that it changed (PostgreSQL: “CREATE TRIGGER”,
transition tables).
"""

from django.db import migrations

# What joined or left the mailable among the rows of a transition table.
COUNT_SUBSCRIPTIONS = """
    INSERT INTO subscriptions_readercount (newsletter_id, confirmed_on, readers)
    SELECT newsletter_id, confirmed_on, {sign} count(*) FROM {rows}
    WHERE status = 'confirmed' AND paused_until IS NULL AND NOT EXISTS (
        SELECT FROM subscriptions_subscriber JOIN newsroom_suppression USING (email_index)
        WHERE subscriptions_subscriber.id = {rows}.subscriber_id
    )
    GROUP BY newsletter_id, confirmed_on;
"""
# The subscriptions of the addresses in a transition table.
OF_ADDRESSES = """
    subscriptions_subscription WHERE subscriber_id IN (
        SELECT id FROM subscriptions_subscriber JOIN {rows} USING (email_index)
    )
"""
COUNT_SUPPRESSIONS = f"""
    INSERT INTO subscriptions_readercount (newsletter_id, confirmed_on, readers)
    SELECT newsletter_id, confirmed_on, {{sign}} count(*) FROM {OF_ADDRESSES}
    AND status = 'confirmed' AND paused_until IS NULL GROUP BY newsletter_id, confirmed_on;
"""
KEEP = f"""
CREATE FUNCTION count_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM subscriptions_readercount;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        {COUNT_SUBSCRIPTIONS.format(sign="-", rows="old_rows")}
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        {COUNT_SUBSCRIPTIONS.format(sign="+", rows="new_rows")}
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_added AFTER INSERT ON subscriptions_subscription
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_subscriptions();
CREATE TRIGGER count_changed AFTER UPDATE ON subscriptions_subscription
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_subscriptions();
CREATE TRIGGER count_deleted AFTER DELETE ON subscriptions_subscription
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_subscriptions();
CREATE TRIGGER count_emptied AFTER TRUNCATE ON subscriptions_subscription
    FOR EACH STATEMENT EXECUTE FUNCTION count_subscriptions();

CREATE FUNCTION count_suppressions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- A complaint and a one-click leave often come together: the suppression waits for the
        -- other one, if it has begun, and then sees what it did.
        PERFORM FROM {OF_ADDRESSES.format(rows="new_rows")} ORDER BY id FOR NO KEY UPDATE;
        {COUNT_SUPPRESSIONS.format(sign="-", rows="new_rows")}
    ELSE
        -- Waits for nobody: who confirms holds their subscription already when they lift.
        {COUNT_SUPPRESSIONS.format(sign="+", rows="old_rows")}
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_suppressed AFTER INSERT ON newsroom_suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions();
CREATE TRIGGER count_lifted AFTER DELETE ON newsroom_suppression
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions();
"""
FORGET = """
DROP FUNCTION count_suppressions CASCADE;
DROP FUNCTION count_subscriptions CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial"), ("newsroom", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
