"""A prescription says which duplicates its prescriber confirmed, and why it was taken over."""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('clinical', '0014_chat_messages'),
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
            name='confirmed_duplicates',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), blank=True, null=True, size=None),
        ),
        migrations.AddField(
            model_name='prescription',
            name='take_over_reason',
            field=core.db.fields.NullableTextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='confirmed_duplicates',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), blank=True, null=True, size=None),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='take_over_reason',
            field=core.db.fields.NullableTextField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "prescription_history" ("claimed_at", "completed_at", "confirmed_duplicates", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "take_over_reason", "updated_at") VALUES (NEW."claimed_at", NEW."completed_at", NEW."confirmed_duplicates", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."take_over_reason", NEW."updated_at"); RETURN NULL;', hash='829eda9131ca96306887097e06b7de7caaa25c07', operation='INSERT', pgid='pgtrigger_insert_insert_36240', table='prescriptions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "prescription_history" ("claimed_at", "completed_at", "confirmed_duplicates", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "take_over_reason", "updated_at") VALUES (NEW."claimed_at", NEW."completed_at", NEW."confirmed_duplicates", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."take_over_reason", NEW."updated_at"); RETURN NULL;', hash='347fe37d84ae07cc04adae85cc27d62b5d8a9b33', operation='UPDATE', pgid='pgtrigger_update_update_b35be', table='prescriptions', when='AFTER')),
        ),
    ]
