"""Heartbeats of workers and beat."""

import django.contrib.postgres.fields
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("config", "0001_idempotency_keys")]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('node', models.TextField(primary_key=True, serialize=False)),
                ('serves', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('seen_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
            ],
            options={'db_table': 'heartbeats'},
        ),
    ]
