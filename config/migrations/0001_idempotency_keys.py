"""Idempotency keys."""

from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_calcom_and_vapi")]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('owner_id', models.UUIDField()),
                ('key', models.TextField()),
                ('request_hash', models.TextField()),
                ('state', models.TextField(choices=[('running', 'running'), ('done', 'done')], db_default='running')),
                ('object_id', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
            ],
            options={
                'db_table': 'idempotency_keys',
                'indexes': [models.Index(fields=['created_at'], name='idempotency_keys_created_idx')],
                'constraints': [models.UniqueConstraint(fields=('owner_id', 'key'), name='idempotency_keys_owner_key')],
            },
        ),
    ]
