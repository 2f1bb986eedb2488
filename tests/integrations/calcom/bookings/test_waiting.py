"""Requests that have no outcome yet: a patient sees them, and may take them back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccessEvent, Patient
from clinical.models import Appointment, VisitDecision
from hospitals.models import DoctorAvailability
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomUnavailable
from integrations.calcom.bookings.calls import Impossible, carry_out
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.waiting import cancel_withdrawn
from integrations.calcom.bookings.worker import _later
from integrations.models import BookingRequest, CalLink
from tests.api.records import NOW
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

REQUESTS = "/api/v1/appointments/requests/"
START = NOW + dt.timedelta(days=1)
State = BookingRequest.State
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _real_queue(nothing_leaves: None, settings: Settings, north: HospitalCast) -> None:
    settings.BOOKING_PROVIDER = "integrations.calcom.bookings.provider.CalcomBookings"
    settings.BOOKING_WAIT_SECONDS = 0
    CalLink.objects.create(doctor=north.doctor, cal_event_type_id=1)


def asked(patient: Patient, north: HospitalCast, **fields: Any) -> BookingRequest:
    facts: dict[str, Any] = {"kind": "book", "start_ts": START, "created_at": NOW, **fields}
    return BookingRequest.objects.create(patient=patient, doctor=north.doctor, **facts)


def test_what_has_no_outcome_yet_is_listed(
    api: APIClient, other_api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, START)
    booking = asked(patient, north, state=State.UNKNOWN)
    move = asked(patient, north, kind="reschedule", appointment=visit, created_at=NOW + dt.timedelta(seconds=1))
    cancel = asked(
        patient, north, kind="cancel", appointment=visit, start_ts=None, created_at=NOW + dt.timedelta(seconds=2)
    )
    asked(patient, north, state=State.DONE)
    asked(patient, north, kind="mark_absent", appointment=visit)
    of_staff = asked(patient, north, kind="cancel", appointment=visit, start_ts=None)
    VisitDecision.objects.create(
        appointment=visit, doctor=north.doctor, start_ts=START, cause="visit", choice="cancel", request_id=of_staff.pk
    )
    doctor = {"id": str(north.doctor.pk), "full_name": "Dora North", "specialty": north.doctor.specialty}
    assert api.get(REQUESTS).json() == {
        "results": [
            {
                "request_id": str(booking.pk),
                "kind": "book",
                "doctor": doctor,
                "appointment_id": None,
                "start": "2026-03-03T11:00:00+01:00",
                "created_at": "2026-03-02T11:00:00+01:00",
                "expires_at": "2026-03-02T12:00:00+01:00",
            },
            {
                "request_id": str(move.pk),
                "kind": "reschedule",
                "doctor": doctor,
                "appointment_id": str(visit.pk),
                "start": "2026-03-03T11:00:00+01:00",
                "created_at": "2026-03-02T11:00:01+01:00",
                "expires_at": "2026-03-02T12:00:01+01:00",
            },
            {
                "request_id": str(cancel.pk),
                "kind": "cancel",
                "doctor": doctor,
                "appointment_id": str(visit.pk),
                "start": None,
                "created_at": "2026-03-02T11:00:02+01:00",
                "expires_at": None,
            },
        ]
    }
    assert other_api.get(REQUESTS).json() == {"results": []}


@pytest.mark.parametrize("kind", ["book", "reschedule"])
def test_what_was_not_sent_is_withdrawn_at_once(
    api: APIClient, patient: Patient, north: HospitalCast, settings: Settings, kind: str
) -> None:
    request = asked(patient, north, kind=kind)
    for _ in range(2):
        answer = api.delete(f"{REQUESTS}{request.pk}/")
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "request_id": str(request.pk),
                "status": "refused",
                "appointment": None,
                "code": "withdrawn",
                "expires_at": None,
            },
        )
    request.refresh_from_db()
    assert (request.state, request.resolved_at) == (State.REFUSED, timezone.now())
    assert api.get(REQUESTS).json() == {"results": []}
    events = AccessEvent.objects.filter(object_kind="booking_request").values_list("action", "object_id", "patient_id")
    assert list(events) == [("withdrew_booking", str(request.pk), patient.pk)]


def test_one_that_was_withdrawn_leaves_room_for_another(
    api: APIClient, patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    settings.MAX_OPEN_VISITS = 1
    DoctorAvailability.objects.create(
        doctor=north.doctor, day_of_week=START.isoweekday(), start_time=dt.time(8), end_time=dt.time(18)
    )
    request = asked(patient, north, state=State.UNKNOWN)
    body, headers = {"doctor": str(north.doctor.pk), "start": START.isoformat()}, {"Idempotency-Key": "k"}
    assert api.post("/api/v1/appointments/", body, headers=headers).json()["code"] == "too_many_open"
    assert api.delete(f"{REQUESTS}{request.pk}/").status_code == 202
    answer = api.post("/api/v1/appointments/", body, headers=headers)
    made = BookingRequest.objects.exclude(pk=request.pk).get()
    assert answer.status_code == 202
    assert dt.datetime.fromisoformat(answer.json()["expires_at"]) == made.created_at + dt.timedelta(hours=1)


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
def test_a_booking_that_was_made_although_it_was_withdrawn_is_cancelled(
    api: APIClient, patient: Patient, north: HospitalCast, state: str
) -> None:
    request = asked(patient, north, state=state)
    answer = api.delete(f"{REQUESTS}{request.pk}/")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer["Location"] == f"http://testserver{REQUESTS}{request.pk}/"
    assert cancel_withdrawn(at=NOW) == 0
    visit = make_visit(patient, north.doctor, START)
    BookingRequest.objects.update(state=State.DONE, appointment=visit, booking_uid="uid")
    assert [cancel_withdrawn(at=NOW) for _ in range(2)] == [1, 0]
    cancellation = BookingRequest.objects.get(kind="cancel")
    assert (cancellation.appointment_id, cancellation.booking_uid, cancellation.state) == (visit.pk, "uid", "queued")


def test_one_that_is_cancelled_already_is_not_cancelled_again(patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, START, status=Appointment.Status.CANCELLED)
    asked(patient, north, state=State.DONE, appointment=visit, withdrawn_at=NOW)
    assert cancel_withdrawn(at=NOW) == 0
    assert not BookingRequest.objects.filter(withdrawn_at__isnull=False).exists()


def test_a_withdrawn_booking_is_not_sent_again(patient: Patient, north: HospitalCast) -> None:
    request = asked(patient, north, withdrawn_at=NOW)
    client = CalcomClient.__new__(CalcomClient)  # any call would fail: it has no connection
    with pytest.raises(Impossible) as refused:
        carry_out(request, client, at=NOW)
    assert refused.value.code == "withdrawn"


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        *(("book", State.DONE), ("book", State.REFUSED), ("reschedule", State.SENT), ("reschedule", State.UNKNOWN)),
        *(("cancel", State.QUEUED), ("cancel", State.UNKNOWN)),
    ],
)
def test_what_cannot_be_taken_back_says_so(
    api: APIClient, patient: Patient, north: HospitalCast, kind: str, state: str
) -> None:
    request = asked(patient, north, kind=kind, state=state)
    answer = api.delete(f"{REQUESTS}{request.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_withdrawable")
    request.refresh_from_db()
    assert (request.state, request.withdrawn_at) == (state, None)


def test_nobody_withdraws_another_persons_request(
    other_api: APIClient, api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    request = asked(patient, north)
    mark = asked(patient, north, kind="mark_absent")
    assert other_api.delete(f"{REQUESTS}{request.pk}/").status_code == 404
    assert api.delete(f"{REQUESTS}{mark.pk}/").status_code == 404
    assert api.delete(f"{REQUESTS}{uuid.uuid4()}/").status_code == 404
    assert set(BookingRequest.objects.values_list("state", flat=True)) == {State.QUEUED}


@pytest.mark.parametrize("before", [State.UNKNOWN, State.QUEUED])
@pytest.mark.parametrize("kind", ["book", "reschedule", "cancel"])
def test_an_outcome_is_waited_for_an_hour_and_that_of_a_cancellation_for_ever(
    patient: Patient, north: HospitalCast, kind: str, before: str
) -> None:
    request = asked(
        patient, north, kind=kind, state=State.SENT, sent_at=NOW, created_at=NOW - dt.timedelta(hours=1, seconds=1)
    )
    _later(request, before, CalcomUnavailable("list_bookings"))
    request.refresh_from_db()
    is_kept = kind == "cancel"
    assert request.state == (before if is_kept else State.REFUSED)
    assert request.outcome_code == (None if is_kept else "calendar_unavailable")


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        *(("reschedule", State.QUEUED, True), ("cancel", State.SENT, True), ("reassign", State.UNKNOWN, False)),
        *(("cancel", State.DONE, False), ("reschedule", State.REFUSED, False), ("mark_absent", State.QUEUED, False)),
    ],
)
def test_a_visit_is_being_changed_while_a_change_has_no_outcome(
    patient: Patient, north: HospitalCast, kind: str, state: str, expected: bool
) -> None:
    visit, other = make_visit(patient, north.doctor, START), make_visit(patient, north.doctor, START)
    asked(patient, north, kind=kind, state=state, appointment=visit)
    calendar = CalcomBookings()
    assert [calendar.is_being_changed(one.pk) for one in (visit, other)] == [expected, False]


def test_changes_that_count_are_the_patients_own_of_whatever_outcome(
    patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, START)
    times = [NOW - dt.timedelta(minutes=minutes) for minutes in (5, 4, 3)]
    asked(patient, north, kind="reschedule", appointment=visit, created_at=times[0], state=State.REFUSED)
    asked(patient, north, kind="cancel", appointment=visit, created_at=times[1])
    asked(patient, north)
    asked(other_patient, north, kind="cancel", appointment=visit)
    of_staff = asked(patient, north, kind="cancel", appointment=visit)
    VisitDecision.objects.create(
        appointment=visit, doctor=north.doctor, start_ts=START, cause="visit", choice="cancel", request_id=of_staff.pk
    )
    calendar = CalcomBookings()
    assert sorted(calendar.changes_since(NOW - dt.timedelta(hours=1), patient_id=patient.pk)) == times[:2]
    assert calendar.changes_since(times[0], patient_id=patient.pk) == [times[1]]
