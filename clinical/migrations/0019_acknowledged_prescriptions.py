"""A prescription says when its prescriber dealt with its rejection or expiry."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinical', '0018_reassigned_visits'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='prescription',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='prescription',
            name='update_update',
        ),
        migrations.AddField(
            model_name='prescription',
            name='acknowledged_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='acknowledged_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "prescription_history" ("acknowledged_at", "claimed_at", "completed_at", "confirmed_duplicates", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "take_over_reason", "updated_at") VALUES (NEW."acknowledged_at", NEW."claimed_at", NEW."completed_at", NEW."confirmed_duplicates", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."take_over_reason", NEW."updated_at"); RETURN NULL;', hash='d29cfaf3e7b4f775bd3c1883653cf81c30cbb7e8', operation='INSERT', pgid='pgtrigger_insert_insert_36240', table='prescriptions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "prescription_history" ("acknowledged_at", "claimed_at", "completed_at", "confirmed_duplicates", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "take_over_reason", "updated_at") VALUES (NEW."acknowledged_at", NEW."claimed_at", NEW."completed_at", NEW."confirmed_duplicates", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."take_over_reason", NEW."updated_at"); RETURN NULL;', hash='411c0606a492eef24deb2d50ac970904604b6214', operation='UPDATE', pgid='pgtrigger_update_update_b35be', table='prescriptions', when='AFTER')),
        ),
    ]
