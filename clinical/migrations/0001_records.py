"""AI sessions, appointments and prescriptions of the reference schema, where it does not exist yet, and our columns beside them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields

SQL = """
DO $$ BEGIN
    IF to_regtype('public.ai_session_source') IS NULL THEN
        CREATE TYPE ai_session_source AS ENUM ('APP', 'PHONE_CALL');
    END IF;
    IF to_regtype('public.appointment_status') IS NULL THEN
        CREATE TYPE appointment_status AS ENUM ('SCHEDULED', 'COMPLETED', 'CANCELLED');
    END IF;
    IF to_regtype('public.prescription_status') IS NULL THEN
        CREATE TYPE prescription_status AS ENUM ('PENDING', 'APPROVED', 'DENIED', 'COMPLETED');
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS ai_sessions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id UUID NOT NULL REFERENCES patients(user_id) ON DELETE CASCADE,
    source ai_session_source NOT NULL,
    vapi_session_id TEXT,
    twilio_call_id TEXT,
    transcript TEXT,
    summary TEXT,
    start_time TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE ai_sessions IS 'Logs all patient conversations with the AI, from app or phone.';
ALTER TABLE ai_sessions
    ADD COLUMN IF NOT EXISTS hospital_id UUID REFERENCES hospitals(id) ON DELETE SET NULL,
    ADD COLUMN IF NOT EXISTS ended_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS caller_verified BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS idx_ai_sessions_patient ON ai_sessions (patient_id);
CREATE INDEX ai_sessions_hospital_idx ON ai_sessions (hospital_id, start_time DESC);

CREATE TABLE IF NOT EXISTS appointments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    cal_booking_id TEXT NOT NULL UNIQUE,
    patient_id UUID REFERENCES patients(user_id) ON DELETE SET NULL,
    doctor_id UUID NOT NULL REFERENCES doctors(user_id) ON DELETE CASCADE,
    start_ts TIMESTAMPTZ NOT NULL,
    end_ts TIMESTAMPTZ NOT NULL,
    status appointment_status NOT NULL,
    cal_raw_payload JSONB NOT NULL,
    last_synced_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE appointments IS 'Mirrors booking data from Cal.com for resilience and performance.';
ALTER TABLE appointments
    ADD COLUMN IF NOT EXISTS hospital_id UUID REFERENCES hospitals(id) ON DELETE RESTRICT,
    ADD COLUMN IF NOT EXISTS cal_status TEXT,
    ADD COLUMN IF NOT EXISTS no_show BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS cancellation_reason TEXT,
    ADD COLUMN IF NOT EXISTS patient_match TEXT NOT NULL DEFAULT 'none',
    ADD COLUMN IF NOT EXISTS identity_confirmed_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS completed_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS completed_by_id UUID REFERENCES users(id) ON DELETE SET NULL,
    ADD COLUMN IF NOT EXISTS guest_name TEXT,
    ADD COLUMN IF NOT EXISTS ai_session_id UUID REFERENCES ai_sessions(id) ON DELETE SET NULL;
UPDATE appointments SET hospital_id = doctors.hospital_id
FROM doctors WHERE doctors.user_id = appointments.doctor_id AND appointments.hospital_id IS NULL;
CREATE INDEX IF NOT EXISTS idx_appointments_patient_start ON appointments (patient_id, start_ts);
CREATE INDEX IF NOT EXISTS idx_appointments_doctor_start ON appointments (doctor_id, start_ts);
CREATE INDEX appointments_hospital_idx ON appointments (hospital_id, start_ts);

CREATE TABLE IF NOT EXISTS prescriptions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id UUID NOT NULL REFERENCES patients(user_id) ON DELETE RESTRICT,
    doctor_id UUID NOT NULL REFERENCES doctors(user_id) ON DELETE RESTRICT,
    pharmacist_id UUID REFERENCES pharmacists(user_id) ON DELETE SET NULL,
    medications JSONB NOT NULL,
    status prescription_status NOT NULL DEFAULT 'PENDING',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ
);
COMMENT ON TABLE prescriptions IS 'Tracks the lifecycle of a medical prescription.';
ALTER TABLE prescriptions
    ADD COLUMN IF NOT EXISTS hospital_id UUID REFERENCES hospitals(id) ON DELETE RESTRICT,
    ADD COLUMN IF NOT EXISTS denial_reason TEXT,
    ADD COLUMN IF NOT EXISTS denial_note TEXT,
    ADD COLUMN IF NOT EXISTS claimed_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS decided_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS completed_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS dispensed_lines JSONB;
UPDATE prescriptions SET hospital_id = doctors.hospital_id
FROM doctors WHERE doctors.user_id = prescriptions.doctor_id AND prescriptions.hospital_id IS NULL;
CREATE INDEX IF NOT EXISTS idx_prescriptions_patient ON prescriptions (patient_id);
CREATE INDEX IF NOT EXISTS idx_prescriptions_doctor ON prescriptions (doctor_id);
CREATE INDEX IF NOT EXISTS idx_prescriptions_pharmacist ON prescriptions (pharmacist_id);
CREATE INDEX prescriptions_open_idx ON prescriptions (hospital_id, created_at) WHERE status IN ('PENDING', 'APPROVED');
CREATE INDEX prescriptions_done_idx ON prescriptions (hospital_id, completed_at DESC) WHERE status = 'COMPLETED';
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people"), ("hospitals", "0002_staff")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='AiSession',
                    fields=[
                        ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                        ('source', core.db.fields.EnumField(enum_type='ai_session_source')),
                        ('vapi_session_id', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('twilio_call_id', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('transcript', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('summary', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('start_time', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('caller_verified', models.BooleanField(db_default=False)),
                    ],
                    options={
                        'db_table': 'ai_sessions',
                        'db_table_comment': 'Logs all patient conversations with the AI, from app or phone.',
                    },
                ),
                migrations.CreateModel(
                    name='Appointment',
                    fields=[
                        ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                        ('cal_booking_id', models.TextField()),
                        ('start_ts', models.DateTimeField()),
                        ('end_ts', models.DateTimeField()),
                        ('status', core.db.fields.EnumField(enum_type='appointment_status')),
                        ('cal_raw_payload', models.JSONField()),
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
                        'db_table': 'appointments',
                        'db_table_comment': 'Mirrors booking data from Cal.com for resilience and performance.',
                    },
                ),
                migrations.CreateModel(
                    name='Prescription',
                    fields=[
                        ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
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
                        'db_table': 'prescriptions',
                        'db_table_comment': 'Tracks the lifecycle of a medical prescription.',
                    },
                ),
                migrations.AddField(
                    model_name='aisession',
                    name='hospital',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='hospitals.hospital'),
                ),
                migrations.AddField(
                    model_name='aisession',
                    name='patient',
                    field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='ai_sessions', to='accounts.patient'),
                ),
                migrations.AddField(
                    model_name='appointment',
                    name='ai_session',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='appointments', to='clinical.aisession'),
                ),
                migrations.AddField(
                    model_name='appointment',
                    name='completed_by',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='appointment',
                    name='doctor',
                    field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='appointments', to='hospitals.doctor'),
                ),
                migrations.AddField(
                    model_name='appointment',
                    name='hospital',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='RESTRICT', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hospitals.hospital'),
                ),
                migrations.AddField(
                    model_name='appointment',
                    name='patient',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='appointments', to='accounts.patient'),
                ),
                migrations.AddField(
                    model_name='prescription',
                    name='doctor',
                    field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='prescriptions', to='hospitals.doctor'),
                ),
                migrations.AddField(
                    model_name='prescription',
                    name='hospital',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='RESTRICT', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hospitals.hospital'),
                ),
                migrations.AddField(
                    model_name='prescription',
                    name='patient',
                    field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='prescriptions', to='accounts.patient'),
                ),
                migrations.AddField(
                    model_name='prescription',
                    name='pharmacist',
                    field=core.db.fields.DbForeignKey(blank=True, db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='prescriptions', to='hospitals.pharmacist'),
                ),
                migrations.AddIndex(
                    model_name='aisession',
                    index=models.Index(fields=['patient'], name='idx_ai_sessions_patient'),
                ),
                migrations.AddIndex(
                    model_name='aisession',
                    index=models.Index(fields=['hospital', '-start_time'], name='ai_sessions_hospital_idx'),
                ),
                migrations.AddIndex(
                    model_name='appointment',
                    index=models.Index(fields=['patient', 'start_ts'], name='idx_appointments_patient_start'),
                ),
                migrations.AddIndex(
                    model_name='appointment',
                    index=models.Index(fields=['doctor', 'start_ts'], name='idx_appointments_doctor_start'),
                ),
                migrations.AddIndex(
                    model_name='appointment',
                    index=models.Index(fields=['hospital', 'start_ts'], name='appointments_hospital_idx'),
                ),
                migrations.AddConstraint(
                    model_name='appointment',
                    constraint=models.UniqueConstraint(fields=('cal_booking_id',), name='appointments_cal_booking_id_key'),
                ),
                migrations.AddIndex(
                    model_name='prescription',
                    index=models.Index(fields=['patient'], name='idx_prescriptions_patient'),
                ),
                migrations.AddIndex(
                    model_name='prescription',
                    index=models.Index(fields=['doctor'], name='idx_prescriptions_doctor'),
                ),
                migrations.AddIndex(
                    model_name='prescription',
                    index=models.Index(fields=['pharmacist'], name='idx_prescriptions_pharmacist'),
                ),
                migrations.AddIndex(
                    model_name='prescription',
                    index=models.Index(condition=models.Q(('status__in', ['PENDING', 'APPROVED'])), fields=['hospital', 'created_at'], name='prescriptions_open_idx'),
                ),
                migrations.AddIndex(
                    model_name='prescription',
                    index=models.Index(condition=models.Q(('status', 'COMPLETED')), fields=['hospital', '-completed_at'], name='prescriptions_done_idx'),
                ),
            ],
        ),
    ]
