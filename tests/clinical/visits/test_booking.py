from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccessEvent, Patient, Profile, User
from clinical.models import Appointment
from config.models import IdempotencyKey
from tests.api.calendar import Memory
from tests.api.records import NOW
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

START = "2026-03-03T09:00:00+01:00"
SOON = NOW + dt.timedelta(hours=22)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "nothing_leaves")]


def book(api: APIClient, north: HospitalCast, *, key: str = "key-1", **changes: Any) -> Any:
    body = {"doctor": str(north.doctor.pk), "start": START, **changes}
    return api.post("/api/v1/appointments/", body, headers={"Idempotency-Key": key})


def pending_outcome(request_id: uuid.UUID) -> dict[str, Any]:
    about = {"appointment": None, "code": None, "expires_at": None}
    return {"request_id": str(request_id), "status": "pending", **about}


def nothing_happened(calendar: Memory) -> bool:
    return not (calendar.requests or AccessEvent.objects.exists() or IdempotencyKey.objects.exists())


def test_a_booking_the_calendar_confirms_is_a_visit(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    calendar.state, calendar.appointment_id = "done", visit.pk
    answer = book(api, north, reason="Headache")
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"], body["expires_at"]) == (201, "done", None, None)
    assert (body["appointment"]["id"], body["appointment"]["start"]) == (str(visit.pk), START)
    assert body["request_id"] == str(*calendar.requests)
    assert answer["Location"] == f"http://testserver/api/v1/appointments/{visit.pk}/"
    assert not answer.has_header("Idempotent-Replayed")
    assert list(calendar.requests.values()) == [
        {
            "kind": "book",
            "patient_id": patient.pk,
            "doctor_id": north.doctor.pk,
            "start": SOON,
            "reason": "Headache",
        }
    ]
    event = AccessEvent.objects.get()
    assert (event.action, event.object_kind, event.hospital_id) == (
        "requested_booking",
        "booking_request",
        north.hospital.pk,
    )


def test_a_booking_without_an_answer_yet_is_pending(
    api: APIClient, other_api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    answer = book(api, north)
    (request_id,) = calendar.requests
    address = f"/api/v1/appointments/requests/{request_id}/"
    pending = pending_outcome(request_id)
    assert (answer.status_code, answer.json()) == (202, pending)
    assert (answer["Location"], answer["Retry-After"]) == (f"http://testserver{address}", "1")
    assert api.get(address).json() == pending
    assert other_api.get(address).status_code == 404
    assert api.get(f"/api/v1/appointments/requests/{uuid.uuid4()}/").status_code == 404

    calendar.state, calendar.code = "refused", "slot_taken"
    assert api.get(address).json() == {**pending, "status": "refused", "code": "slot_taken"}

    visit = make_visit(patient, north.doctor, SOON)
    calendar.state, calendar.appointment_id, calendar.code = "done", visit.pk, None
    body = api.get(address).json()
    assert (body["status"], body["appointment"]["id"]) == ("done", str(visit.pk))


def test_a_booking_whose_visit_is_not_mirrored_yet_is_pending(
    api: APIClient, calendar: Memory, north: HospitalCast
) -> None:
    calendar.state = "done"
    assert book(api, north).status_code == 202


@pytest.mark.parametrize(("told", "code"), [("slot_taken", "slot_taken"), (None, "refused")])
def test_a_slot_that_is_gone_is_a_conflict(
    api: APIClient, calendar: Memory, north: HospitalCast, told: str | None, code: str
) -> None:
    calendar.state, calendar.code = "refused", told
    answer = book(api, north)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", [None, "", "with space", "x" * 256, "ümlaut"])
def test_a_key_is_required(api: APIClient, calendar: Memory, north: HospitalCast, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = api.post("/api/v1/appointments/", {"doctor": str(north.doctor.pk), "start": START}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert nothing_happened(calendar)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"start": "2026-03-03T09:00:00"}, "start", "invalid"),
        ({"start": 1772528400}, "start", "invalid"),
        ({"start": "9999-12-31T23:59:59-23:00"}, "start", "invalid"),
        ({"doctor": 5}, "doctor", "invalid"),
        ({"doctor": "x"}, "doctor", "invalid"),
        ({"reason": "x" * 501}, "reason", "max_length"),
        ({"patient": "me"}, "patient", "unknown_field"),
    ],
)
def test_a_bad_booking_is_named(
    api: APIClient, calendar: Memory, north: HospitalCast, changes: dict[str, Any], field: str, code: str
) -> None:
    answer = book(api, north, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert nothing_happened(calendar)


def test_the_past_cannot_be_booked(api: APIClient, calendar: Memory, north: HospitalCast) -> None:
    answer = book(api, north, start="2026-03-02T10:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (400, "in_the_past")
    assert nothing_happened(calendar)


@pytest.mark.parametrize("start", ["2027-03-03T10:00:01Z", "9999-12-31T23:59:00Z", "9998-01-01T00:00:00+14:00"])
def test_what_is_beyond_the_horizon_is_too_far(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, start: str
) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    for answer in (
        book(api, north, start=start),
        api.post(f"/api/v1/appointments/{visit.pk}/reschedule/", {"start": start}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "too_far")
    assert nothing_happened(calendar)
    assert book(api, north, start="2027-03-03T10:00:00Z").status_code == 202


def test_a_reason_is_one_line_wherever_it_is_given(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    visit, reason = make_visit(patient, north.doctor, SOON), "a\nb\u0007\u2028c\n"
    assert book(api, north, reason=reason).status_code == 202
    move = {"start": "2026-03-04T09:00:00Z", "reason": reason}
    assert api.post(f"/api/v1/appointments/{visit.pk}/reschedule/", move).status_code == 202
    assert api.post(f"/api/v1/appointments/{visit.pk}/cancel/", {"reason": reason}).status_code == 202
    assert [asked["reason"] for asked in calendar.requests.values()] == ["a b c"] * 3


def test_a_name_is_needed_first(api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast) -> None:
    Profile.objects.filter(user=patient.user).delete()
    answer = book(api, north)
    assert (answer.status_code, answer.json()["code"]) == (409, "profile_incomplete")
    assert nothing_happened(calendar)


@pytest.mark.parametrize("phone", ["447700900123", "15555550100"])
def test_a_number_that_is_only_possible_cannot_book(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, phone: str
) -> None:
    User.objects.filter(pk=patient.pk).update(phone=phone)
    answer = book(api, north)
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_not_valid")
    assert answer.json()["detail"] == (
        "The booking calendar does not accept your phone number. Change it to a valid number, then book."
    )
    assert nothing_happened(calendar)


def test_a_number_that_the_calendar_refuses_is_said_alike(
    api: APIClient, calendar: Memory, north: HospitalCast
) -> None:
    calendar.state, calendar.code = "refused", "phone_not_valid"
    answer = book(api, north)
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_not_valid")
    assert answer.json()["detail"].startswith("The booking calendar does not accept your phone number.")


@pytest.mark.parametrize("why", ["not linked", "left", "unknown"])
def test_a_doctor_who_cannot_be_booked(api: APIClient, calendar: Memory, north: HospitalCast, why: str) -> None:
    if why == "not linked":
        calendar.unbookable.add(north.doctor.pk)
    elif why == "left":
        User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    answer = book(api, north, **({"doctor": str(uuid.uuid4())} if why == "unknown" else {}))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_bookable")
    assert nothing_happened(calendar)


@pytest.mark.parametrize(("visits", "pending", "status"), [(2, 0, 202), (3, 0, 409), (2, 1, 409), (0, 3, 409)])
def test_open_visits_are_limited(
    api: APIClient,
    calendar: Memory,
    patient: Patient,
    north: HospitalCast,
    settings: Settings,
    visits: int,
    pending: int,
    status: int,
) -> None:
    settings.MAX_OPEN_VISITS = 3
    for day in range(visits):
        make_visit(patient, north.doctor, SOON + dt.timedelta(days=day))
    make_visit(patient, north.doctor, NOW - dt.timedelta(days=1))
    make_visit(patient, north.doctor, SOON, status=Appointment.Status.CANCELLED)
    calendar.pending = pending
    answer = book(api, north)
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "too_many_open"
        assert nothing_happened(calendar)


def test_visits_that_others_booked_with_ones_number_do_not_count(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    settings.MAX_OPEN_VISITS = 3
    for day in range(3):
        make_visit(patient, north.doctor, SOON + dt.timedelta(days=day), patient_match="phone")
    assert book(api, north).status_code == 202


def test_a_visit_is_moved(api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    address = f"/api/v1/appointments/{visit.pk}/reschedule/"
    pending = api.post(address, {"start": "2026-03-04T09:00:00Z"})
    (request_id,) = calendar.requests
    assert (pending.status_code, pending.json()) == (202, pending_outcome(request_id))
    assert calendar.requests[request_id] == {
        "kind": "reschedule",
        "patient_id": patient.pk,
        "appointment_id": visit.pk,
        "start": dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC),
        "reason": "",
    }
    calendar.state, calendar.appointment_id = "done", visit.pk
    assert api.post(address, {"start": "2026-03-04T09:00:00Z"}).status_code == 200
    calendar.state, calendar.code = "refused", "slot_taken"
    refused = api.post(address, {"start": "2026-03-04T09:00:00Z"})
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")


def test_a_visit_whose_host_asked_for_another_time_can_be_moved(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    asked = {"status": Appointment.Status.CANCELLED, "cancellation_reason": "reschedule_requested"}
    visit = make_visit(patient, north.doctor, SOON, **asked)
    answer = api.post(f"/api/v1/appointments/{visit.pk}/reschedule/", {"start": "2026-03-04T09:00:00Z"})
    assert answer.status_code == 202
    assert [one["appointment_id"] for one in calendar.requests.values()] == [visit.pk]
    # It is cancelled already, unless a move is on its way; and once begun it is over.
    assert api.post(f"/api/v1/appointments/{visit.pk}/cancel/", {}).json()["status"] == "done"
    calendar.is_being_changed = True
    assert api.post(f"/api/v1/appointments/{visit.pk}/cancel/", {}).json()["code"] == "change_pending"
    begun = make_visit(patient, north.doctor, NOW, **asked)
    answer = api.post(f"/api/v1/appointments/{begun.pk}/reschedule/", {"start": "2026-03-04T09:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_open")
    assert len(calendar.requests) == 1


@pytest.mark.parametrize("verb", ["reschedule", "cancel"])
def test_one_change_of_a_visit_is_made_at_a_time(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, verb: str
) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    calendar.is_being_changed = True
    body = {"start": "2026-03-04T09:00:00Z"} if verb == "reschedule" else {}
    answer = api.post(f"/api/v1/appointments/{visit.pk}/{verb}/", body)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "change_pending", "5")
    assert nothing_happened(calendar)


@pytest.mark.parametrize("verb", ["reschedule", "cancel"])
def test_changes_of_one_patient_are_limited_by_the_hour(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, settings: Settings, verb: str
) -> None:
    settings.VISIT_CHANGES_AN_HOUR = 3
    visit = make_visit(patient, north.doctor, SOON)
    body = {"start": "2026-03-04T09:00:00Z"} if verb == "reschedule" else {}
    calendar.changes = [NOW - dt.timedelta(minutes=minutes) for minutes in (61, 50, 20, 0)]
    answer = api.post(f"/api/v1/appointments/{visit.pk}/{verb}/", body)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "too_many_changes", "600")
    assert nothing_happened(calendar)
    calendar.changes.remove(NOW)
    assert api.post(f"/api/v1/appointments/{visit.pk}/{verb}/", body).status_code == 202


def test_a_visit_is_cancelled(api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    calendar.state, calendar.appointment_id = "done", visit.pk
    answer = api.post(f"/api/v1/appointments/{visit.pk}/cancel/", {"reason": "Better now"})
    assert (answer.status_code, answer.json()["appointment"]["id"]) == (200, str(visit.pk))
    assert list(calendar.requests.values()) == [
        {"kind": "cancel", "patient_id": patient.pk, "appointment_id": visit.pk, "reason": "Better now"}
    ]
    assert list(AccessEvent.objects.values_list("action", flat=True)) == ["requested_booking"]


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        *(("reschedule", "cancelled"), ("reschedule", "completed"), ("reschedule", "begun")),
        *(("cancel", "completed"), ("cancel", "begun")),
    ],
)
def test_what_is_over_does_not_change(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, verb: str, state: str
) -> None:
    fields = {} if state == "begun" else {"status": Appointment.Status[state.upper()]}
    visit = make_visit(patient, north.doctor, NOW if state == "begun" else SOON, **fields)
    body = {"start": START} if verb == "reschedule" else {}
    answer = api.post(f"/api/v1/appointments/{visit.pk}/{verb}/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_open")
    assert nothing_happened(calendar)


def test_what_is_so_already_is_not_asked_again(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    cancelled = make_visit(patient, north.doctor, SOON, status=Appointment.Status.CANCELLED)
    for kept, answer in (
        (visit, api.post(f"/api/v1/appointments/{visit.pk}/reschedule/", {"start": START})),
        (cancelled, api.post(f"/api/v1/appointments/{cancelled.pk}/cancel/", {"reason": "Better now"})),
    ):
        body = answer.json()
        assert (answer.status_code, body["request_id"], body["status"]) == (200, None, "done")
        assert body["appointment"] == api.get(f"/api/v1/appointments/{kept.pk}/").json()
    calendar.is_being_changed = True
    answer = api.post(f"/api/v1/appointments/{visit.pk}/reschedule/", {"start": START})
    assert (answer.status_code, answer.json()["code"]) == (409, "change_pending")
    assert nothing_happened(calendar)


def test_a_move_into_the_past_or_to_a_doctor_no_longer_bookable_is_refused(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, SOON)
    address = f"/api/v1/appointments/{visit.pk}/reschedule/"
    assert api.post(address, {"start": "2026-03-02T09:00:00Z"}).json()["code"] == "in_the_past"
    calendar.unbookable.add(north.doctor.pk)
    assert api.post(address, {"start": "2026-03-04T09:00:00Z"}).json()["code"] == "not_bookable"
    assert nothing_happened(calendar)


@pytest.mark.parametrize("verb", ["reschedule", "cancel"])
def test_another_persons_visit_does_not_change(
    api: APIClient, calendar: Memory, other_patient: Patient, north: HospitalCast, verb: str
) -> None:
    theirs = make_visit(other_patient, north.doctor, SOON)
    body = {"start": START} if verb == "reschedule" else {}
    assert api.post(f"/api/v1/appointments/{theirs.pk}/{verb}/", body).status_code == 404
    assert nothing_happened(calendar)
