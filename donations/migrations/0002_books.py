"""Written by hand: what the books promise, and the history of a review, PostgreSQL holds, see
``Booking`` and ``ReviewStep``. (When 0001 is made
anew, put this file aside meanwhile.)

Triggers bind who owns the tables, too; rights would not.
"""

from django.db import migrations

HOLD = """
-- At the end of a transaction, so that a booking can be written line by line.
CREATE FUNCTION hold_together(written bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    booking record;
BEGIN
    SELECT one.reference, one.lines, count(line.id) AS posted, coalesce(sum(line.amount), 0) AS sum
        INTO booking
        FROM donations_booking one LEFT JOIN donations_posting line ON line.booking_id = one.id
        WHERE one.id = written GROUP BY one.id;
    IF booking.sum <> 0 OR booking.posted <> booking.lines THEN
        RAISE EXCEPTION 'Booking % has % of % postings, which come to %',
            booking.reference, booking.posted, booking.lines, booking.sum
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE FUNCTION booking_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hold_together(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION posting_makes_it_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hold_together(NEW.booking_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER booking_is_whole AFTER INSERT ON donations_booking
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_is_whole();
CREATE CONSTRAINT TRIGGER posting_makes_it_whole AFTER INSERT ON donations_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION posting_makes_it_whole();

CREATE FUNCTION books_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The books are never changed: % of %. Reverse a booking by another one.',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER booking_stays BEFORE UPDATE OR DELETE ON donations_booking
    FOR EACH ROW EXECUTE FUNCTION books_stay();
CREATE TRIGGER posting_stays BEFORE UPDATE OR DELETE ON donations_posting
    FOR EACH ROW EXECUTE FUNCTION books_stay();
CREATE TRIGGER closed_month_stays BEFORE UPDATE OR DELETE ON donations_closedmonth
    FOR EACH ROW EXECUTE FUNCTION books_stay();
CREATE TRIGGER bookings_stay BEFORE TRUNCATE ON donations_booking
    FOR EACH STATEMENT EXECUTE FUNCTION books_stay();
CREATE TRIGGER postings_stay BEFORE TRUNCATE ON donations_posting
    FOR EACH STATEMENT EXECUTE FUNCTION books_stay();
CREATE TRIGGER closed_months_stay BEFORE TRUNCATE ON donations_closedmonth
    FOR EACH STATEMENT EXECUTE FUNCTION books_stay();

-- Who books and who closes wait for each other; those who book do not.
CREATE FUNCTION month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('the books'));
    IF EXISTS (SELECT FROM donations_closedmonth
               WHERE month >= date_trunc('month', NEW.booked_on)::date) THEN
        RAISE EXCEPTION 'The month of % is closed', NEW.booked_on
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER month_is_open BEFORE INSERT ON donations_booking
    FOR EACH ROW EXECUTE FUNCTION month_is_open();

CREATE FUNCTION month_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('the books'));
    RETURN NEW;
END $$;
CREATE TRIGGER month_closes BEFORE INSERT ON donations_closedmonth
    FOR EACH ROW EXECUTE FUNCTION month_closes();

-- What was done with a review. Its words may be sealed with another key, or be emptied when the donor
-- is erased; other words would not fit the digest.
CREATE FUNCTION steps_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'text' = to_jsonb(OLD) - 'text' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What was done with a review is never changed: % of %.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER step_stays BEFORE UPDATE OR DELETE ON donations_reviewstep
    FOR EACH ROW EXECUTE FUNCTION steps_stay();
"""
LET_GO = """
DROP FUNCTION booking_is_whole() CASCADE;
DROP FUNCTION posting_makes_it_whole() CASCADE;
DROP FUNCTION hold_together(bigint) CASCADE;
DROP FUNCTION books_stay() CASCADE;
DROP FUNCTION month_is_open() CASCADE;
DROP FUNCTION month_closes() CASCADE;
DROP FUNCTION steps_stay() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("donations", "0001_initial")]
    operations = [migrations.RunSQL(HOLD, LET_GO)]
