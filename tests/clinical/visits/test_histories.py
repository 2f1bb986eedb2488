from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Patient
from clinical.models import Appointment, AppointmentBooking, Prescription
from clinical.prescriptions.actions import (
    DispensedLine,
    approve_prescription,
    claim_prescription,
    deny_prescription,
    dispense_prescription,
    release_prescription,
    withdraw_prescription,
)
from clinical.prescriptions.history import prescription_history
from clinical.visits.attendance import confirm_identity, mark_no_show, match_guest
from clinical.visits.decisions import ask_to_move
from clinical.visits.history import visit_history
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_visit

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _zone() -> object:
    with timezone.override(ZoneInfo("Europe/Vienna")):
        yield


def chained(visit: Appointment, starts: list[dt.datetime], **head: object) -> None:
    """A booking an hour apart for each start; the last is the visit's own."""
    before: AppointmentBooking | None = None
    for number, start in enumerate(starts):
        is_head = number == len(starts) - 1
        said = AT - 10 * DAY + number * HOUR
        booking = AppointmentBooking(
            uid=visit.cal_booking_id if is_head else f"uid-{number}",
            appointment=visit,
            status="accepted" if is_head else "cancelled",
            status_at=said,
            start_ts=start,
            end_ts=start + HOUR / 2,
            times_at=said,
            attendee_phone="436601234567",
            attendee_at=said,
            **(head if is_head else {}),
        )
        if before:
            booking.rescheduled_from, booking.rescheduled_from_at = before.uid, said
            before.rescheduled_to, before.rescheduled_to_at = booking.uid, said
            before.save()
        booking.save()
        before = booking


def test_the_chain_tells_when_it_was_booked_moved_and_cancelled(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, AT + DAY, status="CANCELLED")
    head = {"status": "cancelled", "status_at": AT, "cancellation_reason": "ill"}
    first, second, last = AT + 5 * DAY, AT + 3 * DAY, AT + DAY
    chained(visit, [first, second, last])
    AppointmentBooking.objects.filter(uid=visit.cal_booking_id).update(**head)
    assert [(step.at, step.text, step.who, step.note) for step in visit_history(visit)] == [
        (AT - 10 * DAY, "Booked for Thu 26 Nov 2026, 10:00", "the patient, in the app", ""),
        (AT - 10 * DAY + HOUR, "Moved from Thu 26 Nov 2026, 10:00 to Tue 24 Nov 2026, 10:00", "", ""),
        (AT - 10 * DAY + 2 * HOUR, "Moved from Tue 24 Nov 2026, 10:00 to Sun 22 Nov 2026, 10:00", "", ""),
        (AT, "Cancelled", "", "ill"),
    ]


def test_a_visit_without_bookings_was_booked_at_least(north: HospitalCast) -> None:
    visit = make_visit(None, north.doctor, AT)
    visit.refresh_from_db()
    [step] = visit_history(visit)
    assert (step.at, step.text, step.who) == (
        visit.created_at,
        "Booked for Sat 21 Nov 2026, 10:00",
        "in the booking calendar",
    )


@pytest.mark.django_db(transaction=True)
def test_what_staff_did_to_a_visit_is_told_with_their_names(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(None, north.doctor, AT + HOUR / 2)
    chained(visit, [AT + HOUR / 2])
    ask_to_move(appointment_id=visit.pk, reason="We are full.", by=north.admin, at=AT)
    match_guest(appointment_id=visit.pk, by=north.admin, at=AT)
    confirm_identity(appointment_id=visit.pk, by=north.admin, at=AT)
    mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=AT + HOUR / 2)
    visit.refresh_from_db()
    steps = [(step.text, step.who, step.note) for step in visit_history(visit)]
    assert ("The patient was asked to choose another time", "Ada North", "We are full.") in steps
    assert steps[-3:] == [
        ("Linked to a patient's account", "Ada North", ""),
        ("Identity confirmed", "Ada North", ""),
        ("Marked as no-show", "Dora North", ""),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_prescription_tells_who_moved_it(north: HospitalCast, patient: Patient) -> None:
    row = make_prescription(patient, north.doctor)
    at, pharmacist = timezone.now(), north.pharmacist.user
    claim_prescription(prescription_id=row.pk, by=pharmacist, at=at)
    release_prescription(prescription_id=row.pk, by=pharmacist, at=at)
    claim_prescription(prescription_id=row.pk, by=pharmacist, at=at)
    approve_prescription(prescription_id=row.pk, by=pharmacist, at=at)
    dispense_prescription(prescription_id=row.pk, lines=[DispensedLine(30, "B1")], by=pharmacist, at=at)
    row.refresh_from_db()
    steps = prescription_history(row)
    assert [(step.text, step.who) for step in steps] == [
        ("Written", "Dora North"),
        ("Taken up", "Pia North"),
        ("Given back", "Pia North"),
        ("Taken up", "Pia North"),
        ("Approved", "Pia North"),
        ("Dispensed", "Pia North"),
    ]
    assert sorted(step.at for step in steps) == [step.at for step in steps]


@pytest.mark.django_db(transaction=True)
def test_a_denial_tells_why_and_a_withdrawal_is_the_prescribers(north: HospitalCast, patient: Patient) -> None:
    denied, withdrawn, expired = (make_prescription(patient, north.doctor) for _ in range(3))
    at = timezone.now()
    claim_prescription(prescription_id=denied.pk, by=north.pharmacist.user, at=at)
    deny_prescription(prescription_id=denied.pk, by=north.pharmacist.user, reason="dose", note="Too much.", at=at)
    withdraw_prescription(prescription_id=withdrawn.pk, by=north.doctor.user, at=at)
    Prescription.objects.filter(pk=expired.pk).update(status="DENIED", denial_reason="expired")

    def last(row: Prescription) -> tuple[str, str, str]:
        row.refresh_from_db()
        step = prescription_history(row)[-1]
        return step.text, step.who, step.note

    assert last(denied) == ("Denied", "Pia North", "dose: Too much.")
    assert last(withdrawn) == ("Withdrawn by the prescriber", "Dora North", "")
    assert last(expired) == ("Expired", "by itself", "")


@pytest.mark.parametrize("count", [2, 20])
def test_a_history_takes_the_same_queries_however_long(north: HospitalCast, patient: Patient, count: int) -> None:
    visit = make_visit(patient, north.doctor, AT)
    chained(visit, [AT + number * DAY for number in range(count)])
    row = make_prescription(patient, north.doctor)
    for number in range(count):
        Prescription.objects.filter(pk=row.pk).update(pharmacist=north.pharmacist if number % 2 else None)
    with CaptureQueriesContext(connection) as queries:
        assert len(visit_history(visit)) == count
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        prescription_history(row)
    assert len(queries) == 2
