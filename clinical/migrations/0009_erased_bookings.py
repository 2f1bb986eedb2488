"""Bookings of erased people keep no name, and talks of theirs no words, whoever writes."""

from django.db import migrations, models

TALKS = """
CREATE FUNCTION keep_erased_talks_silent() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF EXISTS (SELECT FROM public.patients WHERE user_id = NEW.patient_id AND erased_at IS NOT NULL) THEN
        NEW.transcript := NULL;
        NEW.summary := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ai_sessions_erased BEFORE INSERT OR UPDATE OF transcript, summary, patient_id ON ai_sessions
    FOR EACH ROW WHEN (NEW.transcript IS NOT NULL OR NEW.summary IS NOT NULL)
    EXECUTE FUNCTION keep_erased_talks_silent();
"""

UNDO_TALKS = """
DROP TRIGGER ai_sessions_erased ON ai_sessions;
DROP FUNCTION keep_erased_talks_silent;
"""


class Migration(migrations.Migration):
    dependencies = [("clinical", "0008_pharmacy_lists"), ("accounts", "0013_erasure")]

    operations = [
        migrations.AddField(
            model_name="appointmentbooking", name="erased_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(TALKS, UNDO_TALKS),
    ]
