"""Written by hand: PostgreSQL itself adds up each account's months, see ``AccountMonth``. (When 0001
is made anew, put this file aside meanwhile.)

A booking is written before its postings, and neither is ever changed, so sums only grow.
"""

from django.db import migrations

KEEP = """
CREATE FUNCTION add_up_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO donations_accountmonth AS kept (month, currency, account, debit, credit)
    SELECT date_trunc('month', booking.booked_on)::date, booking.currency, posted.account,
           coalesce(sum(posted.amount) FILTER (WHERE posted.amount > 0), 0),
           coalesce(-sum(posted.amount) FILTER (WHERE posted.amount < 0), 0)
    FROM posted JOIN donations_booking booking ON booking.id = posted.booking_id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (currency, account, month) DO UPDATE
    SET debit = kept.debit + excluded.debit, credit = kept.credit + excluded.credit;
    RETURN NULL;
END $$;
CREATE TRIGGER add_up_months AFTER INSERT ON donations_posting
    REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION add_up_months();
"""
FORGET = "DROP FUNCTION add_up_months() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("donations", "0002_books")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
