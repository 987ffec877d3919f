"""Written by hand: PostgreSQL itself refuses to change or delete an entry of the audit log.

(It may be emptied as a whole, by TRUNCATE, as tests do; ``audit verify --head`` shows that. When
0001 is made anew, put this file aside meanwhile.)
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND (NEW.id, NEW.at, NEW.who, NEW.what, NEW."row", NEW.chain)
                    IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.who, OLD.what, OLD."row", OLD.chain)
                THEN
                    RETURN NEW;  -- the reason, sealed with another key; the chain knows its words
                END IF;
                RAISE EXCEPTION 'The audit log only grows: no entry is changed or deleted.';
            END $$;
            CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE ON accounts_auditentry
                FOR EACH ROW EXECUTE FUNCTION audit_log_only_grows();
            """,
            """
            DROP TRIGGER audit_log_only_grows ON accounts_auditentry;
            DROP FUNCTION audit_log_only_grows;
            """,
        )
    ]
