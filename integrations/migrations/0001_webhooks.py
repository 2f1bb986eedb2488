"""Stored webhooks of the reference schema, where it does not exist yet, and our columns beside them."""

from django.db import migrations, models

import core.db.fields

SQL = """
DO $$ BEGIN
    IF to_regtype('public.webhook_status') IS NULL THEN
        CREATE TYPE webhook_status AS ENUM ('PENDING', 'PROCESSED', 'FAILED');
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS cal_webhooks (
    id SERIAL PRIMARY KEY,
    raw_webhook_body JSONB NOT NULL,
    signature_header TEXT,
    status webhook_status NOT NULL DEFAULT 'PENDING',
    processed_at TIMESTAMPTZ,
    notes TEXT
);
COMMENT ON TABLE cal_webhooks IS 'Logs incoming Cal.com webhooks for audit and replayability.';
ALTER TABLE cal_webhooks
    ADD COLUMN IF NOT EXISTS body_sha256 TEXT CONSTRAINT cal_webhooks_body_sha256_key UNIQUE,
    ADD COLUMN IF NOT EXISTS trigger TEXT,
    ADD COLUMN IF NOT EXISTS received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS tries INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS next_try_at TIMESTAMPTZ;
CREATE INDEX cal_webhooks_pending_idx ON cal_webhooks (id) WHERE status = 'PENDING';
CREATE INDEX cal_webhooks_received_idx ON cal_webhooks (received_at DESC);
"""


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0002_staff")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='CalWebhook',
                    fields=[
                        ('id', core.db.fields.SerialField(primary_key=True, serialize=False)),
                        ('raw_webhook_body', models.JSONField()),
                        ('signature_header', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('status', core.db.fields.EnumField(db_default='PENDING', enum_type='webhook_status')),
                        ('processed_at', models.DateTimeField(blank=True, null=True)),
                        ('notes', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('body_sha256', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('trigger', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('received_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                        ('tries', models.IntegerField(db_default=0)),
                        ('next_try_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'db_table': 'cal_webhooks',
                        'db_table_comment': 'Logs incoming Cal.com webhooks for audit and replayability.',
                        'indexes': [models.Index(condition=models.Q(('status', 'PENDING')), fields=['id'], name='cal_webhooks_pending_idx'), models.Index(fields=['-received_at'], name='cal_webhooks_received_idx')],
                        'constraints': [models.UniqueConstraint(fields=('body_sha256',), name='cal_webhooks_body_sha256_key')],
                    },
                ),
            ],
        ),
    ]
