"""Time off, and the history of weekly hours."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0002_staff"), ("pghistory", "__first__"), ("accounts", "0001_people")]

    operations = [
        migrations.CreateModel(
            name='AvailabilityHistory',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.IntegerField()),
                ('day_of_week', models.IntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')])),
                ('start_time', models.TimeField()),
                ('end_time', models.TimeField()),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('doctor', core.db.fields.DbForeignKey(db_constraint=False, db_index=True, db_on_delete='CASCADE', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='hospitals.doctor')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='hospitals.doctoravailability')),
            ],
            options={
                'db_table': 'doctor_availability_history',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DoctorTimeOff',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('is_whole_days', models.BooleanField(db_default=True)),
                ('reason', models.TextField(blank=True, db_default='')),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('created_by', core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('doctor', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='time_off', to='hospitals.doctor')),
            ],
            options={
                'db_table': 'doctor_time_off',
                'ordering': ['starts_at', 'id'],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='doctoravailability',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "doctor_availability_history" ("day_of_week", "doctor_id", "end_time", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_time") VALUES (NEW."day_of_week", NEW."doctor_id", NEW."end_time", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."start_time"); RETURN NULL;', hash='fa3843efc60ee1cac681ae647d60e0f7f7d17d18', operation='INSERT', pgid='pgtrigger_insert_insert_f6966', table='doctor_availability', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='doctoravailability',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "doctor_availability_history" ("day_of_week", "doctor_id", "end_time", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_time") VALUES (NEW."day_of_week", NEW."doctor_id", NEW."end_time", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."start_time"); RETURN NULL;', hash='5e638079989c6329c215f26905516e184e343b54', operation='UPDATE', pgid='pgtrigger_update_update_e5d2a', table='doctor_availability', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='doctoravailability',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "doctor_availability_history" ("day_of_week", "doctor_id", "end_time", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_time") VALUES (OLD."day_of_week", OLD."doctor_id", OLD."end_time", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."start_time"); RETURN NULL;', hash='3b7f1d07fe0962f99f4e1f9430342120c7c1394d', operation='DELETE', pgid='pgtrigger_delete_delete_24368', table='doctor_availability', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='doctortimeoff',
            index=models.Index(fields=['doctor', 'ends_at'], name='doctor_time_off_doctor_idx'),
        ),
        migrations.AddConstraint(
            model_name='doctortimeoff',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='doctor_time_off_end_after_start'),
        ),
    ]
