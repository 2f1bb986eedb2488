"""Users, profiles, patients and one-time codes of the reference schema, where it does not exist yet, and our columns beside them."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import core.db.fields

SQL = """
DO $$ BEGIN
    IF to_regtype('public.user_role') IS NULL THEN
        CREATE TYPE user_role AS ENUM ('PATIENT', 'DOCTOR', 'PHARMACIST', 'HOSPITAL_ADMIN');
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    phone TEXT UNIQUE,
    role user_role,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE users
    ADD COLUMN IF NOT EXISTS email TEXT UNIQUE,
    ADD COLUMN IF NOT EXISTS password_hash VARCHAR(255),
    ADD COLUMN IF NOT EXISTS hospital_id UUID REFERENCES hospitals(id),
    ADD COLUMN IF NOT EXISTS password_temp BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS force_password_change BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS last_login TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS login_attempts INTEGER DEFAULT 0,
    ADD COLUMN IF NOT EXISTS lockout_until TIMESTAMPTZ;

COMMENT ON COLUMN users.email IS 'Email for staff members';
COMMENT ON COLUMN users.password_hash IS 'Bcrypt hashed password for staff members';
COMMENT ON COLUMN users.hospital_id IS 'Hospital association for staff members';
COMMENT ON COLUMN users.password_temp IS 'Indicates if password is temporary and requires change';
COMMENT ON COLUMN users.force_password_change IS 'Forces password change on next login';
COMMENT ON COLUMN users.last_login IS 'Timestamp of last successful login';
COMMENT ON COLUMN users.login_attempts IS 'Number of failed login attempts';
COMMENT ON COLUMN users.lockout_until IS 'Timestamp until which account is locked';

-- Where the reference schema was loaded first they are zoneless; what is in them was UTC.
DO $$
DECLARE
    zoneless text;
BEGIN
    FOR zoneless IN
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'users'
          AND column_name IN ('last_login', 'lockout_until') AND data_type = 'timestamp without time zone'
    LOOP
        EXECUTE format(
            'ALTER TABLE users ALTER COLUMN %I TYPE timestamptz USING %I AT TIME ZONE ''UTC''', zoneless, zoneless);
    END LOOP;
END $$;

ALTER TABLE users
    ADD COLUMN IF NOT EXISTS auth_user_id UUID,
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS is_superuser BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS password_changed_at TIMESTAMPTZ;

-- Name what stands in the way of our restrictions, by id, before PostgreSQL says only that something does.
DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(id::text, ', ') INTO found FROM users WHERE role IS NULL AND NOT is_superuser;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'These users have no role; give them one, then migrate again: %', found;
    END IF;
    SELECT string_agg(emails.ids, '; ') INTO found FROM (
        SELECT string_agg(id::text, ', ') AS ids FROM users GROUP BY lower(email) HAVING count(email) > 1
    ) emails;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'These users share an email but for its case; change all but one, then migrate again: %', found;
    END IF;
END $$;

ALTER TABLE users
    ADD CONSTRAINT users_auth_user_id_key UNIQUE (auth_user_id),
    ADD CONSTRAINT users_id_hospital_id_key UNIQUE (id, hospital_id),
    ADD CONSTRAINT users_id_role_key UNIQUE (id, role),
    ADD CONSTRAINT users_role_unless_superuser CHECK (role IS NOT NULL OR is_superuser);
CREATE UNIQUE INDEX users_email_any_case_key ON users (lower(email));
CREATE INDEX IF NOT EXISTS idx_users_phone ON users (phone);
CREATE INDEX IF NOT EXISTS idx_users_email ON users (email);

CREATE TABLE IF NOT EXISTS profiles (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    full_name TEXT NOT NULL,
    profile_image_url TEXT
);
COMMENT ON TABLE profiles IS 'Stores shared profile data like names and avatars for all user roles.';

CREATE TABLE IF NOT EXISTS patients (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    date_of_birth DATE
);
COMMENT ON TABLE patients IS 'Profile extension for users with the PATIENT role.';
ALTER TABLE patients
    ADD COLUMN IF NOT EXISTS role user_role NOT NULL GENERATED ALWAYS AS ('PATIENT'::user_role) STORED,
    ADD COLUMN IF NOT EXISTS time_zone TEXT,
    ADD COLUMN IF NOT EXISTS reminders_enabled BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS erasure_requested_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS erased_at TIMESTAMPTZ;
ALTER TABLE patients
    ADD CONSTRAINT patients_user_role_fkey FOREIGN KEY (user_id, role) REFERENCES users (id, role) ON DELETE CASCADE;

CREATE TABLE IF NOT EXISTS otps (
    id SERIAL PRIMARY KEY,
    number TEXT NOT NULL,
    otp INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT otp_valid_range CHECK (otp >= 1000 AND otp <= 9999)
);
COMMENT ON TABLE otps IS 'Temporary storage for OTP codes used in patient phone authentication via Twilio.';
ALTER TABLE otps
    ADD COLUMN IF NOT EXISTS challenge_id UUID CONSTRAINT otps_challenge_id_key UNIQUE,
    ADD COLUMN IF NOT EXISTS purpose TEXT,
    ADD COLUMN IF NOT EXISTS expires_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS tries INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS closed_at TIMESTAMPTZ;
CREATE UNIQUE INDEX otps_one_live_challenge ON otps (number, purpose)
    WHERE challenge_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX IF NOT EXISTS idx_otps_number ON otps (number);
CREATE INDEX IF NOT EXISTS idx_otps_created_at ON otps (created_at);
"""


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0001_hospital")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                        ('phone', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('role', core.db.fields.EnumField(blank=True, enum_type='user_role', null=True)),
                        ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                        ('email', core.db.fields.NullableTextField(blank=True, db_comment='Email for staff members', null=True)),
                        ('password', models.CharField(blank=True, db_column='password_hash', db_comment='Bcrypt hashed password for staff members', max_length=255, null=True)),
                        ('password_temp', models.BooleanField(db_comment='Indicates if password is temporary and requires change', db_default=False, null=True)),
                        ('force_password_change', models.BooleanField(db_comment='Forces password change on next login', db_default=False, null=True)),
                        ('last_login', models.DateTimeField(blank=True, db_comment='Timestamp of last successful login', null=True)),
                        ('login_attempts', models.IntegerField(db_comment='Number of failed login attempts', db_default=0, null=True)),
                        ('lockout_until', models.DateTimeField(blank=True, db_comment='Timestamp until which account is locked', null=True)),
                        ('auth_user_id', models.UUIDField(blank=True, editable=False, null=True)),
                        ('is_active', models.BooleanField(db_default=True)),
                        ('is_superuser', models.BooleanField(db_default=False)),
                        ('password_changed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        'db_table': 'users',
                    },
                ),
                migrations.CreateModel(
                    name='OneTimeCode',
                    fields=[
                        ('id', core.db.fields.SerialField(primary_key=True, serialize=False)),
                        ('number', models.TextField()),
                        ('otp', models.IntegerField()),
                        ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                        ('challenge_id', models.UUIDField(null=True)),
                        ('purpose', models.TextField(choices=[('sign_in', 'sign in'), ('change_phone', 'change of number')], null=True)),
                        ('expires_at', models.DateTimeField(null=True)),
                        ('tries', models.IntegerField(db_default=0)),
                        ('closed_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'db_table': 'otps',
                        'db_table_comment': 'Temporary storage for OTP codes used in patient phone authentication via Twilio.',
                    },
                ),
                migrations.CreateModel(
                    name='Patient',
                    fields=[
                        ('user', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='patient', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('date_of_birth', models.DateField(blank=True, null=True)),
                        ('role', models.GeneratedField(db_persist=True, expression=models.Value('PATIENT'), output_field=core.db.fields.EnumField(enum_type='user_role'))),
                        ('time_zone', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('reminders_enabled', models.BooleanField(db_default=True)),
                        ('erasure_requested_at', models.DateTimeField(blank=True, null=True)),
                        ('erased_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'db_table': 'patients',
                        'db_table_comment': 'Profile extension for users with the PATIENT role.',
                    },
                ),
                migrations.CreateModel(
                    name='Profile',
                    fields=[
                        ('user', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('full_name', models.TextField()),
                        ('profile_image_url', core.db.fields.NullableTextField(blank=True, null=True)),
                    ],
                    options={
                        'db_table': 'profiles',
                        'db_table_comment': 'Stores shared profile data like names and avatars for all user roles.',
                    },
                ),
                migrations.AddField(
                    model_name='user',
                    name='hospital',
                    field=core.db.fields.DbForeignKey(blank=True, db_comment='Hospital association for staff members', db_index=False, db_on_delete='', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hospitals.hospital'),
                ),
                migrations.AddIndex(
                    model_name='onetimecode',
                    index=models.Index(fields=['number'], name='idx_otps_number'),
                ),
                migrations.AddIndex(
                    model_name='onetimecode',
                    index=models.Index(fields=['created_at'], name='idx_otps_created_at'),
                ),
                migrations.AddConstraint(
                    model_name='onetimecode',
                    constraint=models.CheckConstraint(condition=models.Q(('otp__gte', 1000), ('otp__lte', 9999)), name='otp_valid_range'),
                ),
                migrations.AddConstraint(
                    model_name='onetimecode',
                    constraint=models.UniqueConstraint(fields=('challenge_id',), name='otps_challenge_id_key'),
                ),
                migrations.AddConstraint(
                    model_name='onetimecode',
                    constraint=models.UniqueConstraint(condition=models.Q(('challenge_id__isnull', False), ('closed_at__isnull', True)), fields=('number', 'purpose'), name='otps_one_live_challenge'),
                ),
                migrations.AddIndex(
                    model_name='user',
                    index=models.Index(fields=['phone'], name='idx_users_phone'),
                ),
                migrations.AddIndex(
                    model_name='user',
                    index=models.Index(fields=['email'], name='idx_users_email'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(fields=('phone',), name='users_phone_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(fields=('email',), name='users_email_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='users_email_any_case_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(fields=('auth_user_id',), name='users_auth_user_id_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(fields=('id', 'hospital'), name='users_id_hospital_id_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(fields=('id', 'role'), name='users_id_role_key'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.CheckConstraint(condition=models.Q(('role__isnull', False), ('is_superuser', True), _connector='OR'), name='users_role_unless_superuser'),
                ),
            ],
        ),
    ]
