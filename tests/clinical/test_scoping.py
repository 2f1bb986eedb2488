"""Who sees which rows: the last paragraph of "What always holds", queryset by queryset."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import pytest
from django.utils import timezone

from accounts.models import AccessEvent, BreakGlassGrant, Patient, Role, User
from clinical.models import AiSession, Appointment, Prescription
from clinical.patients.record import patient_record
from clinical.querysets import is_record_open, open_patient, patients_for_user
from hospitals.models import Doctor, Hospital, HospitalAdmin, Pharmacist
from tests.cast import PASSWORD, HospitalCast, make_staff
from tests.clinical.records import make_prescription, make_visit

Rows = set[uuid.UUID]


@dataclass(frozen=True, slots=True)
class Records:
    """One patient's, at both hospitals, and a stranger's visit that a typed number ties to them."""

    visits: dict[str, Appointment]
    prescriptions: dict[str, Prescription]
    talks: dict[str, AiSession]


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture
def records(north: HospitalCast, south: HospitalCast, patient: Patient, now: dt.datetime) -> Records:
    casts = {"north": north, "south": south}
    talks = {
        name: AiSession.objects.create(patient=patient, source="APP", hospital=cast.hospital, transcript="Words.")
        for name, cast in casts.items()
    }
    return Records(
        visits={name: make_visit(patient, cast.doctor, now) for name, cast in casts.items()},
        prescriptions={name: make_prescription(patient, cast.doctor) for name, cast in casts.items()},
        talks=talks | {"nowhere": AiSession.objects.create(patient=patient, source="APP", transcript="Words.")},
    )


@pytest.fixture
def colleague(north: HospitalCast) -> Doctor:
    user = make_staff(north.hospital, Role.DOCTOR, "colleague@north.test", "Cora North")
    return Doctor.objects.create(user=user, hospital=north.hospital)


def seen(user: User) -> tuple[Rows, Rows, Rows]:
    """Visits, prescriptions and talks."""
    models = (Appointment, Prescription, AiSession)
    visits, prescriptions, talks = (set(model.objects.for_user(user).values_list("pk", flat=True)) for model in models)
    return visits, prescriptions, talks


def readable(user: User) -> Rows:
    return set(AiSession.objects.for_reading(user).values_list("pk", flat=True))


def patients(user: User) -> Rows:
    return set(patients_for_user(user).values_list("pk", flat=True))


def test_a_patient_sees_the_own_of_all_hospitals(records: Records, patient: Patient, other_patient: Patient) -> None:
    every = tuple({row.pk for row in part.values()} for part in (records.visits, records.prescriptions, records.talks))
    assert seen(patient.user) == every
    assert readable(patient.user) == every[2]
    assert patients(patient.user) == {patient.pk}
    assert seen(other_patient.user) == (set(), set(), set())
    assert patients(other_patient.user) == {other_patient.pk}


def test_a_doctor_sees_the_hospitals_part_of_an_open_record(
    records: Records, north: HospitalCast, patient: Patient
) -> None:
    doctor = north.doctor.user
    talks = {records.talks["north"].pk, records.talks["nowhere"].pk}
    assert seen(doctor) == ({records.visits["north"].pk}, {records.prescriptions["north"].pk}, talks)
    assert readable(doctor) == talks
    assert patients(doctor) == {patient.pk}


def test_of_other_hospitals_a_doctor_sees_current_medications_only(
    records: Records, north: HospitalCast, patient: Patient, now: dt.datetime
) -> None:
    Prescription.objects.filter(pk=records.prescriptions["south"].pk).update(
        status="APPROVED",
        pharmacist=Pharmacist.objects.get(hospital__name="South"),
        claimed_at=now,
    )
    opened = open_patient(north.doctor.user, patient.pk)
    assert opened
    record = patient_record(user=north.doctor.user, patient=opened, at=now, today=now.date())
    shown = {entry.record.pk for entry in (*record.upcoming, *record.past)}
    talks = {records.talks["north"].pk, records.talks["nowhere"].pk}
    assert shown == {records.visits["north"].pk, records.prescriptions["north"].pk} | talks
    assert [(line.medication.name, line.hospital) for line in record.current] == [("Ramipril", "South")]


@pytest.mark.parametrize("denied", ["PENDING", "DENIED"])
def test_what_another_hospital_has_not_approved_is_nobodys_medication(
    records: Records, north: HospitalCast, patient: Patient, now: dt.datetime, denied: str
) -> None:
    reason = "withdrawn" if denied == "DENIED" else None
    Prescription.objects.filter(pk=records.prescriptions["south"].pk).update(status=denied, denial_reason=reason)
    opened = open_patient(north.doctor.user, patient.pk)
    assert opened
    assert patient_record(user=north.doctor.user, patient=opened, at=now, today=now.date()).current == []


def test_a_colleague_without_visit_or_prescription_sees_nothing(
    records: Records, colleague: Doctor, patient: Patient
) -> None:
    assert seen(colleague.user) == (set(), set(), set())
    assert patients(colleague.user) == readable(colleague.user) == set()
    assert open_patient(colleague.user, patient.pk) is None


def test_a_typed_number_opens_that_visit_only(records: Records, colleague: Doctor, patient: Patient) -> None:
    visit = make_visit(patient, colleague, timezone.now(), patient_match="phone")
    assert seen(colleague.user) == ({visit.pk}, set(), set())
    assert not is_record_open(colleague.user, patient.pk)
    visit.identity_confirmed_at = timezone.now()
    visit.save()
    assert is_record_open(colleague.user, patient.pk)
    assert records.prescriptions["north"].pk in seen(colleague.user)[1]


def test_an_unproven_visit_to_a_colleague_is_not_part_of_the_record(
    records: Records, colleague: Doctor, north: HospitalCast, patient: Patient
) -> None:
    unproven = make_visit(patient, colleague, timezone.now(), patient_match="phone")
    proven = make_visit(patient, colleague, timezone.now())
    shown = set(Appointment.objects.for_record(north.doctor.user).values_list("pk", flat=True))
    assert shown == {records.visits["north"].pk, proven.pk}
    assert unproven.pk not in shown


def test_an_own_prescription_opens_the_record(north: HospitalCast, colleague: Doctor, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, timezone.now())
    assert not is_record_open(colleague.user, patient.pk)
    make_prescription(patient, colleague)
    assert is_record_open(colleague.user, patient.pk)
    assert set(Appointment.objects.for_record(colleague.user).values_list("pk", flat=True)) == {visit.pk}


def test_a_doctor_who_moved_leaves_the_records_behind(
    records: Records, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    Appointment.objects.filter(doctor=north.doctor).update(status="COMPLETED", end_ts=timezone.now())
    Prescription.objects.filter(doctor=north.doctor).update(status="DENIED", denial_reason="withdrawn")
    User.objects.filter(pk=north.doctor.pk).update(hospital=south.hospital)
    moved = User.objects.get(pk=north.doctor.pk)
    assert moved.hospital_id == south.hospital.pk
    assert seen(moved) == (set(), set(), set())
    assert patients(moved) == set()


def test_a_pharmacist_sees_the_hospitals_prescriptions_and_their_patients(
    records: Records, north: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    pharmacist = north.pharmacist.user
    assert seen(pharmacist) == (set(), {records.prescriptions["north"].pk}, set())
    assert patients(pharmacist) == {patient.pk}
    assert readable(pharmacist) == set()


def test_a_hospital_admin_sees_the_hospitals_rows_and_no_transcript(records: Records, north: HospitalCast) -> None:
    own = ({records.visits["north"].pk}, {records.prescriptions["north"].pk}, {records.talks["north"].pk})
    assert seen(north.admin) == own
    assert readable(north.admin) == patients(north.admin) == set()


def test_an_operator_sees_no_record(records: Records) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    assert seen(operator) == (set(), set(), set())
    assert readable(operator) == patients(operator) == set()


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.PHARMACIST, Role.HOSPITAL_ADMIN])
def test_staff_without_a_hospital_see_nothing_not_even_rows_without_one(records: Records, role: Role) -> None:
    Appointment.objects.update(hospital=None)
    AiSession.objects.update(hospital=None)
    lost = User.objects.create(email="lost@wardbook.test", role=role)
    assert seen(lost) == (set(), set(), set())
    assert patients(lost) == readable(lost) == set()
    assert not Hospital.objects.for_user(lost).exists()
    assert not Doctor.objects.for_user(lost).exists()


def test_a_role_beside_superuser_counts_alone(records: Records, north: HospitalCast) -> None:
    both = make_staff(north.hospital, Role.PHARMACIST, "both@north.test", "Bea Both")
    both.is_superuser = True
    both.save()
    assert seen(both) == (set(), {records.prescriptions["north"].pk}, set())
    assert not BreakGlassGrant.objects.for_user(both).exists()


@pytest.mark.parametrize("who", ["patient", "doctor", "pharmacist", "admin", "operator"])
def test_a_deactivated_person_sees_nothing(records: Records, north: HospitalCast, patient: Patient, who: str) -> None:
    people = {
        "patient": patient.user,
        "doctor": north.doctor.user,
        "pharmacist": north.pharmacist.user,
        "admin": north.admin,
        "operator": User.objects.create_superuser("operator@wardbook.test", PASSWORD),
    }
    user = people[who]
    AccessEvent.objects.create(action="opened_patient", patient_id=patient.pk)
    user.is_active = False
    assert seen(user) == (set(), set(), set())
    assert patients(user) == readable(user) == set()
    for model in (Hospital, Doctor, Pharmacist, HospitalAdmin, AccessEvent, BreakGlassGrant):
        assert not model.objects.for_user(user).exists()


def test_hospitals_and_staff_are_the_own_ones(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    both = {north.hospital.pk, south.hospital.pk}
    for user in (north.admin, north.doctor.user, north.pharmacist.user):
        assert set(Hospital.objects.for_user(user).values_list("pk", flat=True)) == {north.hospital.pk}
        for model in (Doctor, Pharmacist, HospitalAdmin):
            assert set(model.objects.for_user(user).values_list("hospital_id", flat=True)) == {north.hospital.pk}
    for user in (operator, patient.user):
        assert set(Hospital.objects.for_user(user).values_list("pk", flat=True)) == both
        assert set(Doctor.objects.for_user(user).values_list("hospital_id", flat=True)) == both
    for model in (Pharmacist, HospitalAdmin):
        assert model.objects.for_user(operator).count() == 2
        assert model.objects.for_user(patient.user).count() == 0


def test_patients_find_active_hospitals_and_doctors_only(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    Hospital.objects.filter(pk=south.hospital.pk).update(is_active=False)
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    assert [hospital.name for hospital in Hospital.objects.for_user(patient.user)] == ["North"]
    assert list(Doctor.objects.for_user(patient.user)) == []


def test_the_access_log_is_the_patients_and_the_hospitals(
    north: HospitalCast, south: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    event = AccessEvent.objects.create(
        action="opened_patient", patient_id=patient.pk, actor_id=north.doctor.pk, hospital_id=north.hospital.pk
    )
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    for user in (patient.user, north.admin, operator):
        assert list(AccessEvent.objects.for_user(user)) == [event]
    for user in (other_patient.user, north.doctor.user, north.pharmacist.user, south.admin):
        assert list(AccessEvent.objects.for_user(user)) == []
