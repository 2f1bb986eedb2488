"""Histories of before `clinical.0016` get from the access log what they now keep themselves."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Patient, Role, User
from clinical.models import Appointment, Prescription
from clinical.prescriptions.actions import claim_prescription, prescribe, take_over_prescription
from clinical.prescriptions.history import prescription_history
from clinical.visits.attendance import confirm_identity, mark_no_show
from clinical.visits.history import Step, visit_history
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_staff
from tests.clinical.past_log import lose_access_log
from tests.clinical.records import MEDICATION, make_visit

migration: Any = import_module("clinical.migrations.0016_facts_from_the_access_log")
HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db(transaction=True)


def fill() -> None:
    migration.fill(apps, SimpleNamespace(connection=connection))


def as_it_was_before() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE appointment_history SET pgh_context_id = NULL")
        cursor.execute("DELETE FROM pghistory_context")
        for table in ("prescriptions", "prescription_history"):
            cursor.execute(f"UPDATE {table} SET confirmed_duplicates = NULL, take_over_reason = NULL")


def table(name: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT x::text FROM {name} x ORDER BY 1")
        return list(cursor.fetchall())


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    row = make_visit(patient, north.doctor, timezone.now(), patient_match="phone")
    confirm_identity(appointment_id=row.pk, by=north.admin, at=timezone.now())
    mark_no_show(appointment_id=row.pk, by=north.doctor.user, at=timezone.now())
    Appointment.objects.filter(pk=row.pk).update(no_show=False)
    row.refresh_from_db()
    return row


@pytest.fixture
def prescription(north: HospitalCast, patient: Patient, visit: Appointment) -> Prescription:
    at, colleague = timezone.now(), second_pharmacist(north)
    row = prescribe(by=north.doctor.user, patient_id=patient.pk, medications=[MEDICATION], at=at, confirmed=[1])
    claim_prescription(prescription_id=row.pk, by=colleague, at=at - HALF_HOUR)
    take_over_prescription(prescription_id=row.pk, by=north.pharmacist.user, reason="Gone home.", at=at)
    row.refresh_from_db()
    return row


def second_pharmacist(cast: HospitalCast) -> User:
    user = make_staff(cast.hospital, Role.PHARMACIST, "second@north.test", "Paul North")
    Pharmacist.objects.create(user=user, hospital=cast.hospital)
    return user


def told(visit: Appointment, prescription: Prescription) -> list[Step]:
    return [*visit_history(visit), *prescription_history(prescription)]


@pytest.mark.parametrize("batch", [1, 10_000])
def test_existing_histories_keep_their_names_and_notes(
    batch: int, visit: Appointment, prescription: Prescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "BATCH", batch)
    before = told(visit, prescription)
    assert [(step.who, step.note) for step in before[1:4]] == [("Ada North", ""), ("Dora North", ""), ("", "")]
    as_it_was_before()
    live = table("prescriptions")
    assert told(visit, prescription) != before
    fill()
    histories = ("appointment_history", "prescription_history", "pghistory_context")
    filled = [table(name) for name in histories]
    # Twice is once; and the records themselves are as they were.
    fill()
    assert [table(name) for name in histories] == filled
    assert table("prescriptions") == live
    lose_access_log()
    assert told(visit, prescription) == before


def test_words_about_an_erased_patient_do_not_come_back(
    visit: Appointment, prescription: Prescription, patient: Patient
) -> None:
    as_it_was_before()
    Patient.objects.filter(pk=patient.pk).update(erased_at=timezone.now())
    fill()
    steps = told(visit, prescription)
    assert [step.note for step in steps if step.note] == []
    assert [step.who for step in steps[1:4]] == ["Ada North", "Dora North", ""]
    assert steps[4].text == "Written, though warned that it is a duplicate (medication 1)"
