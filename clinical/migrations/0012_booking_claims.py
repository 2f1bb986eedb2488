"""An AI session says whether somebody was told that a visit is booked."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0014_sms_by_code'),
        ('clinical', '0011_visit_reminders'),
        ('hospitals', '0005_reminder_kinds'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='aisession',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='aisession',
            name='update_update',
        ),
        migrations.AddField(
            model_name='aisession',
            name='says_booked',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='aisessionhistory',
            name='says_booked',
            field=models.BooleanField(db_default=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='aisession',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "ai_session_history" ("caller_verified", "ended_at", "hospital_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "says_booked", "source", "start_time", "summary", "twilio_call_id", "vapi_session_id") VALUES (NEW."caller_verified", NEW."ended_at", NEW."hospital_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."says_booked", NEW."source", NEW."start_time", NEW."summary", NEW."twilio_call_id", NEW."vapi_session_id"); RETURN NULL;', hash='35d5b9a209029ea039be3ab8d79e12250a729b67', operation='INSERT', pgid='pgtrigger_insert_insert_a1689', table='ai_sessions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='aisession',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."caller_verified" IS DISTINCT FROM (NEW."caller_verified") OR OLD."ended_at" IS DISTINCT FROM (NEW."ended_at") OR OLD."hospital_id" IS DISTINCT FROM (NEW."hospital_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."says_booked" IS DISTINCT FROM (NEW."says_booked") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."start_time" IS DISTINCT FROM (NEW."start_time") OR OLD."summary" IS DISTINCT FROM (NEW."summary") OR OLD."twilio_call_id" IS DISTINCT FROM (NEW."twilio_call_id") OR OLD."vapi_session_id" IS DISTINCT FROM (NEW."vapi_session_id"))', func='INSERT INTO "ai_session_history" ("caller_verified", "ended_at", "hospital_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "says_booked", "source", "start_time", "summary", "twilio_call_id", "vapi_session_id") VALUES (NEW."caller_verified", NEW."ended_at", NEW."hospital_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."says_booked", NEW."source", NEW."start_time", NEW."summary", NEW."twilio_call_id", NEW."vapi_session_id"); RETURN NULL;', hash='a150527ffd9d9857b3d01a5c667dcc905737d509', operation='UPDATE', pgid='pgtrigger_update_update_b892a', table='ai_sessions', when='AFTER')),
        ),
    ]
