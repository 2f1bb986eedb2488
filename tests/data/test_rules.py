"""The restrictions we add to the reference schema, each tried against the database itself."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from accounts.models import AccessEvent, GuessCounter, Patient, User
from clinical.models import Appointment, Prescription
from config.checks import secure_tables, unsecured_tables
from hospitals.models import Doctor, DoctorAvailability
from tests.cast import HospitalCast


def refused(rule: str, statement: str, *params: Any) -> None:
    with pytest.raises((IntegrityError, InternalError)) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
    diagnostics = getattr(error.value.__cause__, "diag", None)
    assert getattr(diagnostics, "constraint_name", None) == rule


def test_an_email_is_unique_whatever_its_case(north: HospitalCast) -> None:
    refused("users_email_any_case_key", "INSERT INTO users (email, role) VALUES ('ADMIN@north.test', 'DOCTOR')")


def test_only_an_operator_may_lack_a_role(db: None) -> None:
    refused("users_role_unless_superuser", "INSERT INTO users (email) VALUES ('x@test')")
    User.objects.create(email="operator@test", is_superuser=True)


def test_a_role_row_of_another_role_is_refused(patient: Patient, north: HospitalCast) -> None:
    statement = "INSERT INTO doctors (user_id, hospital_id) VALUES (%s, %s)"
    refused("doctors_user_role_fkey", statement, patient.pk, north.hospital.pk)


def test_a_role_row_of_another_hospital_is_refused(north: HospitalCast, south: HospitalCast) -> None:
    statement = "UPDATE pharmacists SET hospital_id = %s WHERE user_id = %s"
    refused("pharmacists_user_hospital_fkey", statement, south.hospital.pk, north.pharmacist.pk)


def test_moving_a_user_moves_the_role_row(north: HospitalCast, south: HospitalCast) -> None:
    User.objects.filter(pk=north.doctor.pk).update(hospital=south.hospital)
    assert Doctor.objects.get(pk=north.doctor.pk).hospital_id == south.hospital.pk


def test_a_doctor_with_open_prescriptions_does_not_move(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    Prescription.objects.create(patient=patient, doctor=north.doctor, medications=[])
    statement = "UPDATE users SET hospital_id = %s WHERE id = %s"
    refused("doctors_move_without_open_records", statement, south.hospital.pk, north.doctor.pk)
    assert Doctor.objects.get(pk=north.doctor.pk).hospital_id == north.hospital.pk


def test_a_record_keeps_the_hospital_it_was_made_in(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    past = timezone.now() - dt.timedelta(days=3)
    visit = Appointment.objects.create(
        cal_booking_id="u1",
        patient=patient,
        doctor=north.doctor,
        start_ts=past,
        end_ts=past,
        status="COMPLETED",
        cal_raw_payload={},
    )
    visit.refresh_from_db()
    assert visit.hospital_id == north.hospital.pk
    User.objects.filter(pk=north.doctor.pk).update(hospital=south.hospital)
    visit.refresh_from_db()
    assert visit.hospital_id == north.hospital.pk


def test_hours_that_overlap_or_end_early_are_refused(north: HospitalCast) -> None:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    statement = "INSERT INTO doctor_availability (doctor_id, day_of_week, start_time, end_time) VALUES (%s, 1, %s, %s)"
    refused("doctor_availability_no_overlap", statement, north.doctor.pk, "11:59", "13:00")
    refused("doctor_availability_end_after_start", statement, north.doctor.pk, "15:00", "15:00")
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="12:00", end_time="13:00")


@pytest.mark.django_db(transaction=True)
def test_two_writers_cannot_each_add_half_of_an_overlap(north: HospitalCast) -> None:
    both_ready = threading.Barrier(2)
    outcomes: list[str] = []

    def add(start: str, end: str) -> None:
        both_ready.wait(timeout=10)
        try:
            DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=2, start_time=start, end_time=end)
            outcomes.append("added")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    run_together(lambda: add("09:00", "12:00"), lambda: add("11:00", "14:00"))
    assert sorted(outcomes) == ["added", "refused"]


def run_together(*calls: Callable[[], None]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)


def test_a_counter_holds_moments_or_the_number_of_a_minute(db: None) -> None:
    GuessCounter.objects.create(kind="k", subject="s", hits=[timezone.now()])
    GuessCounter.objects.create(kind="k", subject="s", minute=timezone.now(), hits_in_minute=2)
    rule = "guess_counters_moments_or_a_number"
    refused(rule, "UPDATE guess_counters SET hits_in_minute = 1 WHERE minute IS NULL")
    refused(rule, "UPDATE guess_counters SET hits = '{now}' WHERE minute IS NOT NULL")


def test_a_subject_has_one_counter_of_a_kind_and_minute(db: None) -> None:
    statement = "INSERT INTO guess_counters (kind, subject, hits, minute) VALUES ('k', 's', '{}', %s)"
    for minute in (None, timezone.now()):
        with connection.cursor() as cursor:
            cursor.execute(statement, [minute])
        refused("guess_counters_kind_subject_minute_key", statement, minute)


def test_the_access_log_only_grows(db: None) -> None:
    AccessEvent.objects.create(action="opened_patient")
    refused("access_events_append_only", "UPDATE access_events SET action = 'nothing'")
    refused("access_events_append_only", "DELETE FROM access_events")
    refused("access_events_no_truncate", "TRUNCATE access_events")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL pgtrigger.ignore = '{access_events_append_only}'")
    refused("access_events_append_only", "DELETE FROM access_events")
    assert AccessEvent.objects.count() == 1


def test_a_table_without_row_security_is_found_and_secured(db: None) -> None:
    assert unsecured_tables() == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE forgotten (id int)")
    assert unsecured_tables() == ["forgotten"]
    secure_tables()
    assert unsecured_tables() == []


def test_a_function_made_later_is_nobody_else_s(north: HospitalCast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE outsider NOLOGIN")
        cursor.execute("CREATE FUNCTION made_later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        cursor.execute("SELECT has_function_privilege('outsider', 'made_later()', 'EXECUTE')")
        assert cursor.fetchone() == (False,)


def test_a_role_without_bypass_sees_no_row(north: HospitalCast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE outsider NOLOGIN")
        cursor.execute("GRANT USAGE ON SCHEMA public TO outsider")
        cursor.execute("GRANT SELECT ON users TO outsider")
        cursor.execute("SET LOCAL ROLE outsider")
        cursor.execute("SELECT count(*) FROM users")
        seen = cursor.fetchone()
        cursor.execute("RESET ROLE")
    assert seen == (0,)


@pytest.mark.parametrize("right", ["UPDATE", "UPDATE (full_name)"])
def test_whoever_may_write_names_may_call_what_their_index_calls(db: None, right: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE writer NOLOGIN")
        cursor.execute("CREATE ROLE reader NOLOGIN")
        cursor.execute(f"GRANT {right} ON profiles TO writer")
        cursor.execute("GRANT SELECT ON profiles TO reader")
    secure_tables()
    with connection.cursor() as cursor:
        asked = "SELECT has_function_privilege(%s, 'search_words(text)', 'EXECUTE')"
        found = []
        for role in ("writer", "reader"):
            cursor.execute(asked, [role])
            found.append(cursor.fetchone())
    assert found == [(True,), (False,)]
