"""Doctors, pharmacists, hospital admins and weekly hours of the reference schema, where it does not exist yet, and our columns beside them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields

SQL = """
-- The reference schema's own INSERTs give the hospital to the role's row alone; the user's row follows.
CREATE FUNCTION fill_user_hospital() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    UPDATE public.users SET hospital_id = NEW.hospital_id WHERE id = NEW.user_id AND hospital_id IS NULL;
    RETURN NEW;
END $$;

CREATE TABLE IF NOT EXISTS doctors (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    hospital_id UUID NOT NULL REFERENCES hospitals(id) ON DELETE RESTRICT,
    specialty TEXT
);
COMMENT ON TABLE doctors IS 'Profile extension for users with the DOCTOR role.';
ALTER TABLE doctors
    ADD COLUMN IF NOT EXISTS role user_role NOT NULL GENERATED ALWAYS AS ('DOCTOR'::user_role) STORED;
UPDATE users SET hospital_id = doctors.hospital_id
FROM doctors WHERE doctors.user_id = users.id AND users.hospital_id IS NULL;
ALTER TABLE doctors
    ADD CONSTRAINT doctors_user_hospital_fkey FOREIGN KEY (user_id, hospital_id)
        REFERENCES users (id, hospital_id) ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT doctors_user_role_fkey FOREIGN KEY (user_id, role)
        REFERENCES users (id, role) ON DELETE CASCADE;
CREATE TRIGGER doctors_fill_user_hospital BEFORE INSERT ON doctors
    FOR EACH ROW EXECUTE FUNCTION fill_user_hospital();

CREATE TABLE IF NOT EXISTS pharmacists (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    hospital_id UUID NOT NULL REFERENCES hospitals(id) ON DELETE RESTRICT,
    pharmacy_name TEXT
);
COMMENT ON TABLE pharmacists IS 'Profile extension for users with the PHARMACIST role.';
ALTER TABLE pharmacists
    ADD COLUMN IF NOT EXISTS role user_role NOT NULL GENERATED ALWAYS AS ('PHARMACIST'::user_role) STORED;
UPDATE users SET hospital_id = pharmacists.hospital_id
FROM pharmacists WHERE pharmacists.user_id = users.id AND users.hospital_id IS NULL;
ALTER TABLE pharmacists
    ADD CONSTRAINT pharmacists_user_hospital_fkey FOREIGN KEY (user_id, hospital_id)
        REFERENCES users (id, hospital_id) ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT pharmacists_user_role_fkey FOREIGN KEY (user_id, role)
        REFERENCES users (id, role) ON DELETE CASCADE;
CREATE TRIGGER pharmacists_fill_user_hospital BEFORE INSERT ON pharmacists
    FOR EACH ROW EXECUTE FUNCTION fill_user_hospital();

CREATE TABLE IF NOT EXISTS hospital_admins (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    hospital_id UUID NOT NULL REFERENCES hospitals(id) ON DELETE RESTRICT
);
COMMENT ON TABLE hospital_admins IS 'Profile extension for users with the HOSPITAL_ADMIN role.';
ALTER TABLE hospital_admins
    ADD COLUMN IF NOT EXISTS role user_role NOT NULL GENERATED ALWAYS AS ('HOSPITAL_ADMIN'::user_role) STORED;
UPDATE users SET hospital_id = hospital_admins.hospital_id
FROM hospital_admins WHERE hospital_admins.user_id = users.id AND users.hospital_id IS NULL;
ALTER TABLE hospital_admins
    ADD CONSTRAINT hospital_admins_user_hospital_fkey FOREIGN KEY (user_id, hospital_id)
        REFERENCES users (id, hospital_id) ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT hospital_admins_user_role_fkey FOREIGN KEY (user_id, role)
        REFERENCES users (id, role) ON DELETE CASCADE;
CREATE TRIGGER hospital_admins_fill_user_hospital BEFORE INSERT ON hospital_admins
    FOR EACH ROW EXECUTE FUNCTION fill_user_hospital();

CREATE TABLE IF NOT EXISTS doctor_availability (
    id SERIAL PRIMARY KEY,
    doctor_id UUID NOT NULL REFERENCES doctors(user_id) ON DELETE CASCADE,
    day_of_week INT NOT NULL CHECK (day_of_week BETWEEN 1 AND 7),
    start_time TIME NOT NULL,
    end_time TIME NOT NULL
);
COMMENT ON TABLE doctor_availability IS 'Internal source of truth for doctor schedules to be synced to Cal.com.';
CREATE INDEX IF NOT EXISTS idx_doctor_availability_doctor ON doctor_availability (doctor_id);

DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(DISTINCT one.doctor_id::text, ', ') INTO found
    FROM doctor_availability one
    LEFT JOIN doctor_availability other
        ON other.doctor_id = one.doctor_id AND other.day_of_week = one.day_of_week AND other.id > one.id
        AND other.start_time < one.end_time AND one.start_time < other.end_time
    WHERE one.end_time <= one.start_time OR other.id IS NOT NULL;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'These doctors have hours that overlap or end before they start; mend them, then migrate again: %',
            found;
    END IF;
END $$;
ALTER TABLE doctor_availability
    ADD CONSTRAINT doctor_availability_end_after_start CHECK (end_time > start_time);

CREATE FUNCTION refuse_overlapping_availability() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    -- The doctor's row is the lock: two transactions that each add a window would not see each other's.
    PERFORM FROM public.doctors WHERE user_id = NEW.doctor_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM public.doctor_availability other
        WHERE other.doctor_id = NEW.doctor_id AND other.day_of_week = NEW.day_of_week AND other.id <> NEW.id
          AND other.start_time < NEW.end_time AND NEW.start_time < other.end_time
    ) THEN
        RAISE EXCEPTION 'These hours overlap other hours of the same doctor and day.'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'doctor_availability_no_overlap',
                TABLE = 'doctor_availability';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER doctor_availability_no_overlap BEFORE INSERT OR UPDATE ON doctor_availability
    FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_availability();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people"), ("hospitals", "0001_hospital")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='Doctor',
                    fields=[
                        ('user', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='doctor', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('specialty', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('role', models.GeneratedField(db_persist=True, expression=models.Value('DOCTOR'), output_field=core.db.fields.EnumField(enum_type='user_role'))),
                    ],
                    options={
                        'db_table': 'doctors',
                        'db_table_comment': 'Profile extension for users with the DOCTOR role.',
                    },
                ),
                migrations.CreateModel(
                    name='DoctorAvailability',
                    fields=[
                        ('id', core.db.fields.SerialField(primary_key=True, serialize=False)),
                        ('day_of_week', models.IntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')])),
                        ('start_time', models.TimeField()),
                        ('end_time', models.TimeField()),
                        ('doctor', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='availability', to='hospitals.doctor')),
                    ],
                    options={
                        'db_table': 'doctor_availability',
                        'db_table_comment': 'Internal source of truth for doctor schedules to be synced to Cal.com.',
                        'ordering': ['day_of_week', 'start_time', 'id'],
                    },
                ),
                migrations.AddField(
                    model_name='doctor',
                    name='hospital',
                    field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='doctors', to='hospitals.hospital'),
                ),
                migrations.CreateModel(
                    name='HospitalAdmin',
                    fields=[
                        ('user', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='hospital_admin', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('role', models.GeneratedField(db_persist=True, expression=models.Value('HOSPITAL_ADMIN'), output_field=core.db.fields.EnumField(enum_type='user_role'))),
                        ('hospital', core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='admins', to='hospitals.hospital')),
                    ],
                    options={
                        'db_table': 'hospital_admins',
                        'db_table_comment': 'Profile extension for users with the HOSPITAL_ADMIN role.',
                    },
                ),
                migrations.CreateModel(
                    name='Pharmacist',
                    fields=[
                        ('user', core.db.fields.DbOneToOneField(db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pharmacist', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('pharmacy_name', core.db.fields.NullableTextField(blank=True, null=True)),
                        ('role', models.GeneratedField(db_persist=True, expression=models.Value('PHARMACIST'), output_field=core.db.fields.EnumField(enum_type='user_role'))),
                        ('hospital', core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='pharmacists', to='hospitals.hospital')),
                    ],
                    options={
                        'db_table': 'pharmacists',
                        'db_table_comment': 'Profile extension for users with the PHARMACIST role.',
                    },
                ),
                migrations.AddIndex(
                    model_name='doctoravailability',
                    index=models.Index(fields=['doctor'], name='idx_doctor_availability_doctor'),
                ),
                migrations.AddConstraint(
                    model_name='doctoravailability',
                    constraint=models.CheckConstraint(condition=models.Q(('day_of_week__gte', 1), ('day_of_week__lte', 7)), name='doctor_availability_day_of_week_check'),
                ),
                migrations.AddConstraint(
                    model_name='doctoravailability',
                    constraint=models.CheckConstraint(condition=models.Q(('end_time__gt', models.F('start_time'))), name='doctor_availability_end_after_start'),
                ),
            ],
        ),
    ]
