"""Links to Cal.com, our writes to it, pulls, and Vapi's events."""

import django.db.models.deletion
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_webhooks"), ("clinical", "0001_records"), ("hospitals", "0002_staff"), ("accounts", "0001_people")]

    operations = [
        migrations.CreateModel(
            name='CalLink',
            fields=[
                ('doctor', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cal_link', serialize=False, to='hospitals.doctor')),
                ('cal_user_id', models.BigIntegerField(blank=True, null=True)),
                ('cal_schedule_id', models.BigIntegerField(blank=True, null=True)),
                ('cal_event_type_id', models.BigIntegerField(blank=True, null=True)),
                ('wanted_hash', core.db.fields.NullableTextField(blank=True, null=True)),
                ('pushed_hash', core.db.fields.NullableTextField(blank=True, null=True)),
                ('pushed_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', core.db.fields.NullableTextField(blank=True, null=True)),
                ('failures', models.IntegerField(db_default=0)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
            ],
            options={
                'db_table': 'cal_links',
                'constraints': [models.UniqueConstraint(fields=('cal_user_id',), name='cal_links_cal_user_id_key'), models.UniqueConstraint(fields=('cal_event_type_id',), name='cal_links_cal_event_type_id_key')],
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('updated', 'by time of change'), ('window', 'by start')])),
                ('window_start', models.DateTimeField()),
                ('window_end', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('finished_at', models.DateTimeField(null=True)),
                ('seen', models.IntegerField(db_default=0)),
                ('repaired', models.JSONField(default=dict)),
                ('error', models.TextField(null=True)),
            ],
            options={
                'db_table': 'sync_runs',
                'indexes': [models.Index(fields=['kind', '-started_at'], name='sync_runs_kind_started_idx')],
            },
        ),
        migrations.CreateModel(
            name='VapiEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('event_type', models.TextField()),
                ('call_id', core.db.fields.NullableTextField(null=True)),
                ('projection', models.JSONField()),
                ('body_sha256', models.TextField()),
                ('status', core.db.fields.EnumField(db_default='PENDING', enum_type='webhook_status')),
                ('received_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('processed_at', models.DateTimeField(null=True)),
                ('notes', core.db.fields.NullableTextField(null=True)),
                ('tries', models.IntegerField(db_default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'vapi_events',
                'indexes': [models.Index(condition=models.Q(('status', 'PENDING')), fields=['id'], name='vapi_events_pending_idx'), models.Index(fields=['call_id'], name='vapi_events_call_idx')],
                'constraints': [models.UniqueConstraint(fields=('body_sha256',), name='vapi_events_body_sha256_key')],
            },
        ),
        migrations.CreateModel(
            name='BookingRequest',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('book', 'book'), ('reschedule', 'reschedule'), ('cancel', 'cancel'), ('mark_absent', 'mark absent')])),
                ('start_ts', models.DateTimeField(null=True)),
                ('reason', core.db.fields.NullableTextField(null=True)),
                ('state', models.TextField(choices=[('queued', 'waiting'), ('sent', 'sent'), ('done', 'done'), ('refused', 'refused'), ('unknown', 'outcome unknown')], db_default='queued')),
                ('outcome_code', core.db.fields.NullableTextField(null=True)),
                ('booking_uid', core.db.fields.NullableTextField(null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('sent_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('tries', models.IntegerField(db_default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('appointment', core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='booking_requests', to='clinical.appointment')),
                ('doctor', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hospitals.doctor')),
                ('patient', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.patient')),
            ],
            options={
                'db_table': 'booking_requests',
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'sent', 'unknown'])), fields=['created_at'], name='booking_requests_open_idx'), models.Index(fields=['patient', 'created_at'], name='booking_requests_patient_idx')],
            },
        ),
    ]
