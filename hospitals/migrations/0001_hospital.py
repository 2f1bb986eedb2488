"""Hospitals of the reference schema, where it does not exist yet, and our columns beside them."""

from django.db import migrations, models

import core.db.fields
import hospitals.models.hospital

SQL = """
CREATE TABLE IF NOT EXISTS hospitals (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL,
    address TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE hospitals IS 'Represents hospital entities that staff members belong to.';

ALTER TABLE hospitals
    ADD COLUMN IF NOT EXISTS time_zone TEXT,
    ADD COLUMN IF NOT EXISTS visit_length_minutes INTEGER NOT NULL DEFAULT 30 CHECK (visit_length_minutes >= 0),
    ADD COLUMN IF NOT EXISTS buffer_minutes INTEGER NOT NULL DEFAULT 0 CHECK (buffer_minutes >= 0),
    ADD COLUMN IF NOT EXISTS booking_notice_minutes INTEGER NOT NULL DEFAULT 60 CHECK (booking_notice_minutes >= 0),
    ADD COLUMN IF NOT EXISTS second_factor_required BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS reminders_enabled BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS cal_team_id BIGINT,
    ADD COLUMN IF NOT EXISTS emergency_text TEXT,
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN NOT NULL DEFAULT true;
"""


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='Hospital',
                    fields=[
                        ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                        ('name', models.TextField()),
                        ('address', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                        ('time_zone', core.db.fields.NullableTextField(blank=True, null=True, validators=[hospitals.models.hospital.validate_time_zone])),
                        ('visit_length_minutes', models.PositiveIntegerField(db_default=30)),
                        ('buffer_minutes', models.PositiveIntegerField(db_default=0)),
                        ('booking_notice_minutes', models.PositiveIntegerField(db_default=60)),
                        ('second_factor_required', models.BooleanField(db_default=False)),
                        ('reminders_enabled', models.BooleanField(db_default=True)),
                        ('cal_team_id', models.BigIntegerField(blank=True, null=True)),
                        ('emergency_text', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('is_active', models.BooleanField(db_default=True)),
                    ],
                    options={
                        'db_table': 'hospitals',
                        'db_table_comment': 'Represents hospital entities that staff members belong to.',
                        'ordering': ['name', 'id'],
                    },
                ),
            ],
        ),
    ]
