"""A visit says when it last changed, whoever changed it."""

from django.db import migrations, models

CREATE = """
CREATE FUNCTION note_visit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER appointments_updated_at BEFORE UPDATE ON appointments FOR EACH ROW
    WHEN ((OLD.patient_id, OLD.doctor_id, OLD.start_ts, OLD.end_ts, OLD.status, OLD.hospital_id, OLD.cal_status,
           OLD.no_show, OLD.cancellation_reason, OLD.patient_match, OLD.identity_confirmed_at, OLD.ai_session_id)
          IS DISTINCT FROM
          (NEW.patient_id, NEW.doctor_id, NEW.start_ts, NEW.end_ts, NEW.status, NEW.hospital_id, NEW.cal_status,
           NEW.no_show, NEW.cancellation_reason, NEW.patient_match, NEW.identity_confirmed_at, NEW.ai_session_id))
    EXECUTE FUNCTION note_visit_change();
"""
DROP = """
DROP TRIGGER appointments_updated_at ON appointments;
DROP FUNCTION note_visit_change;
"""


class Migration(migrations.Migration):
    dependencies = [("clinical", "0020_unsettled_prescriptions")]

    operations = [
        migrations.AddField("appointment", "updated_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunSQL(CREATE, DROP),
    ]
