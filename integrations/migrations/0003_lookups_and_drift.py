"""The queue of look-ups, what stays different, checks of our subscription."""

from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_calcom_and_vapi'),
    ]

    operations = [
        migrations.CreateModel(
            name='SubscriptionCheck',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('checked_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('problems', models.JSONField(default=list)),
                ('error', core.db.fields.NullableTextField(null=True)),
            ],
            options={
                'db_table': 'calcom_subscription_checks',
            },
        ),
        migrations.CreateModel(
            name='SyncDrift',
            fields=[
                ('uid', models.TextField(primary_key=True, serialize=False)),
                ('kinds', models.JSONField(default=list)),
                ('first_seen_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('last_seen_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('seen', models.IntegerField(db_default=1)),
            ],
            options={
                'db_table': 'sync_drifts',
            },
        ),
        migrations.AddField(
            model_name='callink',
            name='absence_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='absence_told_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callink',
            name='absence_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='absent_there',
            field=models.IntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='reached_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='unreadable',
            field=models.IntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name='BookingLookup',
            fields=[
                ('uid', models.TextField(primary_key=True, serialize=False)),
                ('reason', models.TextField()),
                ('queued_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('due_at', models.DateTimeField(null=True)),
                ('tries', models.IntegerField(db_default=0)),
                ('last_error', core.db.fields.NullableTextField(null=True)),
            ],
            options={
                'db_table': 'booking_lookups',
                'indexes': [models.Index(fields=['due_at'], name='booking_lookups_due_idx')],
            },
        ),
    ]
