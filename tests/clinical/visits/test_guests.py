from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import AccessEvent, Patient, User
from clinical.models import Appointment, AppointmentBooking
from clinical.querysets import is_record_open
from clinical.refusals import NoPatientWithNumber, VisitCancelled
from clinical.visits.attendance import confirm_identity, match_guest
from core.refusals import NotFound, NotPermitted
from hospitals.models import Doctor
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def guest(doctor: Doctor, phone: str | None, **facts: object) -> Appointment:
    visit = make_visit(None, doctor, AT, guest_name="Greta Guest", **facts)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit, attendee_phone=phone, attendee_at=AT)
    return visit


def test_a_guest_is_tied_to_the_patient_of_the_number_and_the_record_stays_closed(
    north: HospitalCast, patient: Patient
) -> None:
    visit = guest(north.doctor, patient.user.phone)
    for _ in range(2):
        match_guest(appointment_id=visit.pk, by=north.admin, at=AT)
    visit.refresh_from_db()
    assert (visit.patient_id, visit.patient_match, visit.identity_confirmed_at) == (patient.pk, "phone", None)
    assert visit.guest_name == "Greta Guest"
    assert not is_record_open(north.doctor.user, patient.pk)
    event = AccessEvent.objects.get()
    assert (event.action, event.reason, event.patient_id, event.actor_id) == (
        "decided_visit",
        "matched_by_phone",
        patient.pk,
        north.admin.pk,
    )


def test_the_number_given_last_counts(north: HospitalCast, patient: Patient) -> None:
    visit = guest(north.doctor, patient.user.phone)
    AppointmentBooking.objects.create(
        uid="moved",
        appointment=visit,
        attendee_phone="436609999999",
        attendee_at=AT,
        rescheduled_from=visit.cal_booking_id,
        rescheduled_from_at=AT,
    )
    with pytest.raises(NoPatientWithNumber):
        match_guest(appointment_id=visit.pk, by=north.admin, at=AT)


def test_nobody_is_tied_who_has_no_such_number(north: HospitalCast, patient: Patient) -> None:
    for phone in ("436609999999", None):
        with pytest.raises(NoPatientWithNumber):
            match_guest(appointment_id=guest(north.doctor, phone).pk, by=north.admin, at=AT)
    User.objects.filter(pk=patient.pk).update(is_active=False)
    with pytest.raises(NoPatientWithNumber):
        match_guest(appointment_id=guest(north.doctor, patient.user.phone).pk, by=north.admin, at=AT)
    assert not Appointment.objects.filter(patient__isnull=False).exists()


def test_a_cancelled_visit_is_left_alone(north: HospitalCast, patient: Patient) -> None:
    visit = guest(north.doctor, patient.user.phone, status="CANCELLED")
    with pytest.raises(VisitCancelled):
        match_guest(appointment_id=visit.pk, by=north.admin, at=AT)


def test_only_the_hospitals_own_people_say_who_it_is(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    visit = guest(north.doctor, patient.user.phone)
    known = make_visit(patient, north.doctor, AT, patient_match="phone")
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    for user, refusal in [
        (south.admin, NotFound),
        (operator, NotPermitted),
        (north.pharmacist.user, NotPermitted),
        (patient.user, NotPermitted),
    ]:
        with pytest.raises(refusal):
            match_guest(appointment_id=visit.pk, by=user, at=AT)
        with pytest.raises(refusal):
            confirm_identity(appointment_id=known.pk, by=user, at=AT)
    visit.refresh_from_db()
    known.refresh_from_db()
    assert (visit.patient_id, known.identity_confirmed_at) == (None, None)
    assert not AccessEvent.objects.exists()


def test_the_hospitals_admin_confirms_who_sits_there(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, AT, patient_match="phone")
    assert not is_record_open(north.doctor.user, patient.pk)
    confirm_identity(appointment_id=visit.pk, by=north.admin, at=AT)
    assert is_record_open(north.doctor.user, patient.pk)
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.hospital_id) == (
        "confirmed_identity",
        north.admin.pk,
        north.hospital.pk,
    )
