"""What Cal.com holds beside what is wanted there, and the queue of doctors to be connected."""

import django.db.models.deletion
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('hospitals', '0003_time_off_and_history'),
        ('integrations', '0004_failed_webhooks'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalConnection',
            fields=[
                ('doctor', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cal_connection', serialize=False, to='hospitals.doctor')),
                ('state', models.TextField(choices=[('asked', 'waiting'), ('working', 'at work'), ('done', 'done'), ('failed', 'failed')], db_default='asked')),
                ('step', core.db.fields.NullableTextField(blank=True, choices=[('user', 'finding the user'), ('team', "joining the hospital's team"), ('schedule', 'finding the schedule'), ('event_type', 'finding the event type'), ('store', 'storing the link')], null=True)),
                ('reason', core.db.fields.NullableTextField(blank=True, null=True)),
                ('given_user_id', models.BigIntegerField(blank=True, null=True)),
                ('given_schedule_id', models.BigIntegerField(blank=True, null=True)),
                ('given_event_type_id', models.BigIntegerField(blank=True, null=True)),
                ('has_other_email', models.BooleanField(db_default=False)),
                ('tries', models.IntegerField(db_default=0)),
                ('asked_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'cal_connections',
            },
        ),
        migrations.AddField(
            model_name='callink',
            name='checked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='differs_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='drift',
            field=core.db.fields.NullableTextField(blank=True, choices=[('edited', 'edited in Cal.com'), ('read_back', 'not as we sent it')], null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='event_type_error',
            field=core.db.fields.NullableTextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='event_type_next_try_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='problem',
            field=core.db.fields.NullableTextField(blank=True, choices=[('user_gone', 'the user is gone'), ('schedule_gone', 'the schedule is gone'), ('event_type_gone', 'the event type is gone'), ('other_host', 'the event type has another host'), ('other_schedule', 'the event type reads another schedule')], null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='pushed_buffer_minutes',
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='pushed_length_minutes',
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='pushed_notice_minutes',
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='read_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='shown_schedule',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='callink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('differs_since__isnull', True), ('drift__isnull', True)), models.Q(('differs_since__isnull', False), ('drift__isnull', False)), _connector='OR'), name='cal_links_drift_check'),
        ),
        migrations.AddIndex(
            model_name='calconnection',
            index=models.Index(condition=models.Q(('state__in', ['asked', 'working'])), fields=['asked_at'], name='cal_connections_open_idx'),
        ),
        migrations.AddConstraint(
            model_name='calconnection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('given_event_type_id', None), ('given_schedule_id', None), ('given_user_id', None)), models.Q(('given_event_type_id__isnull', False), ('given_schedule_id__isnull', False), ('given_user_id__isnull', False)), _connector='OR'), name='cal_connections_given_check'),
        ),
    ]
