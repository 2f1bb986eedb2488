"""Rows of the access log and its seals are only ever added."""

from django.db import migrations

# Written by hand: the trigger library's own guard can be switched off by a session setting.
SQL = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER access_events_append_only BEFORE UPDATE OR DELETE ON access_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER access_events_no_truncate BEFORE TRUNCATE ON access_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
"""

UNDO = """
DROP TRIGGER audit_seals_no_truncate ON audit_seals;
DROP TRIGGER audit_seals_append_only ON audit_seals;
DROP TRIGGER access_events_no_truncate ON access_events;
DROP TRIGGER access_events_append_only ON access_events;
DROP FUNCTION refuse_audit_change;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in_and_audit")]

    operations = [migrations.RunSQL(SQL, UNDO)]
