"""Booking facts, aliases, messages, and the history of every record."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("clinical", "0001_records"), ("pghistory", "__first__")]

    operations = [
        migrations.CreateModel(
            name='AiSessionHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, serialize=False)),
                ('source', core.db.fields.EnumField(enum_type='ai_session_source')),
                ('vapi_session_id', core.db.fields.NullableTextField(blank=True, null=True)),
                ('twilio_call_id', core.db.fields.NullableTextField(blank=True, null=True)),
                ('summary', core.db.fields.NullableTextField(blank=True, null=True)),
                ('start_time', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('caller_verified', models.BooleanField(db_default=False)),
            ],
            options={
                'db_table': 'ai_session_history',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AppointmentAlias',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
            ],
            options={
                'db_table': 'appointment_aliases',
            },
        ),
        migrations.CreateModel(
            name='AppointmentBooking',
            fields=[
                ('uid', models.TextField(primary_key=True, serialize=False)),
                ('booking_id', models.BigIntegerField(null=True)),
                ('status', core.db.fields.NullableTextField(null=True)),
                ('status_at', models.DateTimeField(null=True)),
                ('status_hash', core.db.fields.NullableTextField(null=True)),
                ('fetched_status', core.db.fields.NullableTextField(null=True)),
                ('fetched_status_at', models.DateTimeField(null=True)),
                ('cancellation_reason', core.db.fields.NullableTextField(null=True)),
                ('start_ts', models.DateTimeField(null=True)),
                ('end_ts', models.DateTimeField(null=True)),
                ('times_at', models.DateTimeField(null=True)),
                ('times_hash', core.db.fields.NullableTextField(null=True)),
                ('organizer_id', models.BigIntegerField(null=True)),
                ('organizer_email', core.db.fields.NullableTextField(null=True)),
                ('organizer_at', models.DateTimeField(null=True)),
                ('organizer_hash', core.db.fields.NullableTextField(null=True)),
                ('attendee_name', core.db.fields.NullableTextField(null=True)),
                ('attendee_phone', core.db.fields.NullableTextField(null=True)),
                ('reference', core.db.fields.NullableTextField(null=True)),
                ('attendee_at', models.DateTimeField(null=True)),
                ('attendee_hash', core.db.fields.NullableTextField(null=True)),
                ('no_show', models.BooleanField(null=True)),
                ('no_show_at', models.DateTimeField(null=True)),
                ('no_show_hash', core.db.fields.NullableTextField(null=True)),
                ('rescheduled_from', core.db.fields.NullableTextField(null=True)),
                ('rescheduled_from_at', models.DateTimeField(null=True)),
                ('rescheduled_to', core.db.fields.NullableTextField(null=True)),
                ('rescheduled_to_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
            ],
            options={
                'db_table': 'appointment_bookings',
            },
        ),
        migrations.CreateModel(
            name='AppointmentHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, serialize=False)),
                ('cal_booking_id', models.TextField()),
                ('start_ts', models.DateTimeField()),
                ('end_ts', models.DateTimeField()),
                ('status', core.db.fields.EnumField(enum_type='appointment_status')),
                ('last_synced_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('cal_status', core.db.fields.NullableTextField(blank=True, null=True)),
                ('no_show', models.BooleanField(db_default=False)),
                ('cancellation_reason', core.db.fields.NullableTextField(blank=True, null=True)),
                ('patient_match', models.TextField(choices=[('reference', 'booked by the patient'), ('phone', 'matched by phone'), ('none', 'guest')], db_default='none')),
                ('identity_confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('guest_name', core.db.fields.NullableTextField(blank=True, null=True)),
            ],
            options={
                'db_table': 'appointment_history',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PrescriptionHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, serialize=False)),
                ('medications', models.JSONField()),
                ('status', core.db.fields.EnumField(db_default='PENDING', enum_type='prescription_status')),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('updated_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('denial_reason', models.TextField(blank=True, choices=[('out_of_stock', 'out of stock'), ('clarify', 'needs clarification'), ('interaction', 'interaction'), ('duplicate', 'duplicate'), ('dose', 'dose'), ('allergy', 'allergy'), ('withdrawn', 'withdrawn by the prescriber'), ('expired', 'expired'), ('other', 'other')], null=True)),
                ('denial_note', core.db.fields.NullableTextField(blank=True, null=True)),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('dispensed_lines', models.JSONField(blank=True, null=True)),
            ],
            options={
                'db_table': 'prescription_history',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PrescriptionMessage',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
            ],
            options={
                'db_table': 'prescription_messages',
                'ordering': ['created_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='aisessionhistory',
            name='hospital',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.hospital'),
        ),
        migrations.AddField(
            model_name='aisessionhistory',
            name='patient',
            field=core.db.fields.DbForeignKey(db_constraint=False, db_index=True, db_on_delete='CASCADE', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.patient'),
        ),
        migrations.AddField(
            model_name='aisessionhistory',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='aisessionhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='clinical.aisession'),
        ),
        migrations.AddField(
            model_name='appointmentalias',
            name='appointment',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='clinical.appointment'),
        ),
        migrations.AddField(
            model_name='appointmentbooking',
            name='appointment',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='bookings', to='clinical.appointment'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='ai_session',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='clinical.aisession'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='completed_by',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='doctor',
            field=core.db.fields.DbForeignKey(db_constraint=False, db_index=True, db_on_delete='CASCADE', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.doctor'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='hospital',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='RESTRICT', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.hospital'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='patient',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.patient'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='appointmenthistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='clinical.appointment'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='doctor',
            field=core.db.fields.DbForeignKey(db_constraint=False, db_index=True, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.doctor'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='hospital',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='RESTRICT', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.hospital'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='patient',
            field=core.db.fields.DbForeignKey(db_constraint=False, db_index=True, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.patient'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='clinical.prescription'),
        ),
        migrations.AddField(
            model_name='prescriptionhistory',
            name='pharmacist',
            field=core.db.fields.DbForeignKey(blank=True, db_constraint=False, db_index=True, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.pharmacist'),
        ),
        migrations.AddField(
            model_name='prescriptionmessage',
            name='author',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='prescriptionmessage',
            name='prescription',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='clinical.prescription'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='aisession',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "ai_session_history" ("caller_verified", "ended_at", "hospital_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "start_time", "summary", "twilio_call_id", "vapi_session_id") VALUES (NEW."caller_verified", NEW."ended_at", NEW."hospital_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."source", NEW."start_time", NEW."summary", NEW."twilio_call_id", NEW."vapi_session_id"); RETURN NULL;', hash='cbf3929ddb926ea1f313e070a8e251042325d4ff', operation='INSERT', pgid='pgtrigger_insert_insert_a1689', table='ai_sessions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='aisession',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."caller_verified" IS DISTINCT FROM (NEW."caller_verified") OR OLD."ended_at" IS DISTINCT FROM (NEW."ended_at") OR OLD."hospital_id" IS DISTINCT FROM (NEW."hospital_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."start_time" IS DISTINCT FROM (NEW."start_time") OR OLD."summary" IS DISTINCT FROM (NEW."summary") OR OLD."twilio_call_id" IS DISTINCT FROM (NEW."twilio_call_id") OR OLD."vapi_session_id" IS DISTINCT FROM (NEW."vapi_session_id"))', func='INSERT INTO "ai_session_history" ("caller_verified", "ended_at", "hospital_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "start_time", "summary", "twilio_call_id", "vapi_session_id") VALUES (NEW."caller_verified", NEW."ended_at", NEW."hospital_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."source", NEW."start_time", NEW."summary", NEW."twilio_call_id", NEW."vapi_session_id"); RETURN NULL;', hash='948cea5196003c8fc19df361612ce8204e67d955', operation='UPDATE', pgid='pgtrigger_update_update_b892a', table='ai_sessions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appointment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "appointment_history" ("ai_session_id", "cal_booking_id", "cal_status", "cancellation_reason", "completed_at", "completed_by_id", "created_at", "doctor_id", "end_ts", "guest_name", "hospital_id", "id", "identity_confirmed_at", "last_synced_at", "no_show", "patient_id", "patient_match", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_ts", "status") VALUES (NEW."ai_session_id", NEW."cal_booking_id", NEW."cal_status", NEW."cancellation_reason", NEW."completed_at", NEW."completed_by_id", NEW."created_at", NEW."doctor_id", NEW."end_ts", NEW."guest_name", NEW."hospital_id", NEW."id", NEW."identity_confirmed_at", NEW."last_synced_at", NEW."no_show", NEW."patient_id", NEW."patient_match", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."start_ts", NEW."status"); RETURN NULL;', hash='11e4357590d0b96541a94e415d0153b1d8b5e84b', operation='INSERT', pgid='pgtrigger_insert_insert_57f5f', table='appointments', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appointment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."ai_session_id" IS DISTINCT FROM (NEW."ai_session_id") OR OLD."cal_booking_id" IS DISTINCT FROM (NEW."cal_booking_id") OR OLD."cal_status" IS DISTINCT FROM (NEW."cal_status") OR OLD."cancellation_reason" IS DISTINCT FROM (NEW."cancellation_reason") OR OLD."completed_at" IS DISTINCT FROM (NEW."completed_at") OR OLD."completed_by_id" IS DISTINCT FROM (NEW."completed_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."doctor_id" IS DISTINCT FROM (NEW."doctor_id") OR OLD."end_ts" IS DISTINCT FROM (NEW."end_ts") OR OLD."guest_name" IS DISTINCT FROM (NEW."guest_name") OR OLD."hospital_id" IS DISTINCT FROM (NEW."hospital_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."identity_confirmed_at" IS DISTINCT FROM (NEW."identity_confirmed_at") OR OLD."last_synced_at" IS DISTINCT FROM (NEW."last_synced_at") OR OLD."no_show" IS DISTINCT FROM (NEW."no_show") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."patient_match" IS DISTINCT FROM (NEW."patient_match") OR OLD."start_ts" IS DISTINCT FROM (NEW."start_ts") OR OLD."status" IS DISTINCT FROM (NEW."status"))', func='INSERT INTO "appointment_history" ("ai_session_id", "cal_booking_id", "cal_status", "cancellation_reason", "completed_at", "completed_by_id", "created_at", "doctor_id", "end_ts", "guest_name", "hospital_id", "id", "identity_confirmed_at", "last_synced_at", "no_show", "patient_id", "patient_match", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_ts", "status") VALUES (NEW."ai_session_id", NEW."cal_booking_id", NEW."cal_status", NEW."cancellation_reason", NEW."completed_at", NEW."completed_by_id", NEW."created_at", NEW."doctor_id", NEW."end_ts", NEW."guest_name", NEW."hospital_id", NEW."id", NEW."identity_confirmed_at", NEW."last_synced_at", NEW."no_show", NEW."patient_id", NEW."patient_match", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."start_ts", NEW."status"); RETURN NULL;', hash='548e09aef246903a47e9fa4f59632a424466dc49', operation='UPDATE', pgid='pgtrigger_update_update_80787', table='appointments', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='appointmentalias',
            index=models.Index(fields=['appointment'], name='appointment_aliases_target_idx'),
        ),
        migrations.AddIndex(
            model_name='appointmentbooking',
            index=models.Index(fields=['appointment'], name='appointment_bookings_visit_idx'),
        ),
        migrations.AddIndex(
            model_name='appointmentbooking',
            index=models.Index(fields=['rescheduled_from'], name='appointment_bookings_from_idx'),
        ),
        migrations.AddIndex(
            model_name='appointmentbooking',
            index=models.Index(fields=['rescheduled_to'], name='appointment_bookings_to_idx'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "prescription_history" ("claimed_at", "completed_at", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "updated_at") VALUES (NEW."claimed_at", NEW."completed_at", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."updated_at"); RETURN NULL;', hash='57603e6c693c7eb1034247d8bfb5e168b61d1b33', operation='INSERT', pgid='pgtrigger_insert_insert_36240', table='prescriptions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='prescription',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "prescription_history" ("claimed_at", "completed_at", "created_at", "decided_at", "denial_note", "denial_reason", "dispensed_lines", "doctor_id", "hospital_id", "id", "medications", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pharmacist_id", "status", "updated_at") VALUES (NEW."claimed_at", NEW."completed_at", NEW."created_at", NEW."decided_at", NEW."denial_note", NEW."denial_reason", NEW."dispensed_lines", NEW."doctor_id", NEW."hospital_id", NEW."id", NEW."medications", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pharmacist_id", NEW."status", NEW."updated_at"); RETURN NULL;', hash='2a748a53625c2e17c2a162739e852e4c553639e3', operation='UPDATE', pgid='pgtrigger_update_update_b35be', table='prescriptions', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='prescriptionmessage',
            index=models.Index(fields=['prescription', 'created_at'], name='prescription_messages_idx'),
        ),
    ]
