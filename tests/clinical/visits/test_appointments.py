from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import AccessEvent, Patient, User
from clinical.models import Appointment, AppointmentAlias, VisitDecision
from integrations.models import BookingRequest
from tests.api.records import NOW, alike
from tests.cast import HospitalCast
from tests.clinical.records import make_session, make_visit

START = dt.datetime(2026, 3, 28, 8, 0, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]


def ids(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [row["id"] for row in answer["results"]]


@pytest.mark.usefixtures("clock")
def test_a_visit_is_shown_in_its_hospitals_zone_without_its_booking(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, START, created_at=START - dt.timedelta(days=1))
    shape = {
        "id": str(visit.pk),
        "doctor": {"id": str(north.doctor.pk), "full_name": "Dora North", "specialty": "Cardiology"},
        "hospital": {"id": str(north.hospital.pk), "name": "North", "time_zone": "Europe/Vienna"},
        "start": "2026-03-28T09:00:00+01:00",
        "end": "2026-03-28T09:30:00+01:00",
        "status": "SCHEDULED",
        "source": "app",
        "reason": None,
        "needs_acceptance": False,
        "pending_confirmation": False,
        "no_show": False,
        "cancellation_reason": None,
        "asked_to_move": False,
        "move_reason": None,
        "can_cancel": True,
        "can_reschedule": True,
        "join_url": None,
        "created_at": "2026-03-27T09:00:00+01:00",
        "updated_at": "2026-03-27T09:00:00+01:00",
    }
    assert api.get("/api/v1/appointments/").json()["results"] == [shape]
    one = api.get(f"/api/v1/appointments/{visit.pk}/")
    assert one.json() == shape
    assert visit.cal_booking_id.encode() not in one.content


def test_a_visit_says_where_it_was_booked_and_why(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    def told(visit: Appointment) -> tuple[str, str | None]:
        body = api.get(f"/api/v1/appointments/{visit.pk}/").json()
        return body["source"], body["reason"]

    booked = make_visit(patient, north.doctor, START)
    facts = {"patient": patient, "doctor": north.doctor, "appointment": booked}
    BookingRequest.objects.create(kind="book", reason="Headaches", **facts)
    BookingRequest.objects.create(kind="reschedule", reason="Holidays", **facts)
    assert told(booked) == ("app", "Headaches")
    assert told(make_visit(patient, north.doctor, START, patient_match="phone")) == ("hospital", None)
    called = make_visit(patient, north.doctor, START, patient_match="phone", ai_session=make_session(patient))
    assert told(called) == ("assistant", None)


@pytest.mark.usefixtures("clock")
def test_a_visit_says_what_can_be_done_about_it(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    def can(visit: Appointment) -> tuple[bool, bool]:
        body = api.get(f"/api/v1/appointments/{visit.pk}/").json()
        return body["can_cancel"], body["can_reschedule"]

    visit = make_visit(patient, north.doctor, START)
    assert can(visit) == (True, True)
    assert can(make_visit(patient, north.doctor, NOW)) == (False, False)
    assert can(make_visit(patient, north.doctor, START, status="CANCELLED")) == (False, False)
    assert can(make_visit(patient, north.doctor, START, status="COMPLETED")) == (False, False)
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    assert can(visit) == (True, False)


def test_a_visit_says_when_it_last_changed(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, START, created_at=START - dt.timedelta(days=1))
    rows = Appointment.objects.filter(pk=visit.pk)

    def updated_at() -> dt.datetime:
        return dt.datetime.fromisoformat(api.get(f"/api/v1/appointments/{visit.pk}/").json()["updated_at"])

    # Seen again by a pull, and nothing new.
    rows.update(last_synced_at=START, status="SCHEDULED", cal_raw_payload={})
    assert updated_at() == visit.created_at
    rows.update(no_show=True)
    changed_at = rows.get().updated_at
    assert changed_at is not None
    assert (changed_at > visit.created_at, updated_at()) == (True, changed_at)
    decided_at = changed_at + dt.timedelta(hours=1)
    facts = {"doctor": north.doctor, "start_ts": START, "cause": "visit", "decided_at": decided_at}
    VisitDecision.objects.create(appointment=visit, choice="ask_to_move", **facts)
    with time_machine.travel(START - dt.timedelta(hours=1), tick=False):
        assert updated_at() == decided_at


def test_a_visit_that_waits_to_be_accepted_says_so(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, START, patient_match="phone")
    cancelled = make_visit(patient, north.doctor, START, patient_match="phone", status="CANCELLED")
    address = f"/api/v1/appointments/{visit.pk}/"
    assert api.get(address).json()["needs_acceptance"] is True
    assert api.post(f"{address}accept/").json()["needs_acceptance"] is False
    assert api.get(address).json()["needs_acceptance"] is False
    assert api.get(f"/api/v1/appointments/{cancelled.pk}/").json()["needs_acceptance"] is False


def test_the_list_can_begin_with_the_next_visit_and_be_short(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    days = [str(make_visit(patient, north.doctor, START + dt.timedelta(days=day)).pk) for day in range(3)]
    first = api.get("/api/v1/appointments/?order=start&limit=2").json()
    assert (ids(first), ids(api.get(first["next"]).json())) == (days[:2], days[2:])
    assert ids(api.get("/api/v1/appointments/?order=-start&limit=1").json()) == days[2:]
    refused = api.get("/api/v1/appointments/?order=doctor")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "order")


def test_a_visit_after_the_clocks_change_has_the_other_offset(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, START + dt.timedelta(days=1), cal_status="pending")
    body = api.get(f"/api/v1/appointments/{visit.pk}/").json()
    assert (body["start"], body["pending_confirmation"]) == ("2026-03-29T10:00:00+02:00", True)


def test_the_list_is_the_latest_first_and_can_be_narrowed(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    days = [make_visit(patient, north.doctor, START + dt.timedelta(days=day)) for day in range(3)]
    cancelled = make_visit(patient, north.doctor, START - dt.timedelta(days=1), status=Appointment.Status.CANCELLED)
    newest_first = [str(visit.pk) for visit in reversed(days)]
    assert ids(api.get("/api/v1/appointments/").json()) == [*newest_first, str(cancelled.pk)]
    assert ids(api.get("/api/v1/appointments/?status=CANCELLED").json()) == [str(cancelled.pk)]
    narrowed = api.get("/api/v1/appointments/", {"from": "2026-03-29T08:00:00Z", "to": "2026-03-30T10:00:00+02:00"})
    assert ids(narrowed.json()) == [newest_first[1]]


@pytest.mark.parametrize("moment", ["2026-03-29T08:00:00", "tomorrow", "2026-03-29"])
def test_a_moment_without_offset_is_named(api: APIClient, moment: str) -> None:
    answer = api.get("/api/v1/appointments/", {"from": moment})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "from")


def test_another_persons_visit_is_absent(api: APIClient, other_patient: Patient, north: HospitalCast) -> None:
    theirs = make_visit(other_patient, north.doctor, START)
    guest = make_visit(None, north.doctor, START)
    assert api.get("/api/v1/appointments/").json()["results"] == []
    absent = api.get(f"/api/v1/appointments/{uuid.uuid4()}/")
    for visit in (theirs, guest):
        answer = api.get(f"/api/v1/appointments/{visit.pk}/")
        assert (answer.status_code, alike(answer)) == (404, alike(absent))


def test_a_merged_visits_old_id_answers_with_the_visit(
    api: APIClient, other_api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, START)
    alias = AppointmentAlias.objects.create(id=uuid.uuid4(), appointment=visit)
    assert api.get(f"/api/v1/appointments/{alias.pk}/").json()["id"] == str(visit.pk)
    assert other_api.get(f"/api/v1/appointments/{alias.pk}/").status_code == 404


def test_a_visit_matched_by_phone_can_be_accepted_once(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, START, patient_match=Appointment.PatientMatch.PHONE)
    for _ in range(2):
        answer = api.post(f"/api/v1/appointments/{visit.pk}/accept/")
        assert (answer.status_code, answer.json()["id"]) == (200, str(visit.pk))
    visit.refresh_from_db()
    assert visit.identity_confirmed_at is not None
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id, event.hospital_id) == (
        "confirmed_identity",
        str(visit.pk),
        north.hospital.pk,
    )


def test_another_persons_visit_cannot_be_accepted(api: APIClient, other_patient: Patient, north: HospitalCast) -> None:
    theirs = make_visit(other_patient, north.doctor, START, patient_match=Appointment.PatientMatch.PHONE)
    assert api.post(f"/api/v1/appointments/{theirs.pk}/accept/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.identity_confirmed_at is None
    assert not AccessEvent.objects.exists()
