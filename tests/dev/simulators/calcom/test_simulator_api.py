from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from pydantic import JsonValue

from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRefused
from integrations.calcom.api.requests import Attendee, ScheduleInput
from integrations.calcom.api.responses import ScheduleOverride
from tests.integrations.calcom.clinic import (
    BERLIN,
    HALF_HOUR,
    MONDAY_TEN,
    PATIENT,
    Clinic,
    Json,
    call,
    control,
    counts,
    open_clinic,
    past_row,
)


def booking_body(clinic: Clinic, **changes: JsonValue) -> Json:
    attendee: Json = {"name": "P", "timeZone": BERLIN, "phoneNumber": "+4915112345678"}
    body: Json = {"start": "2050-09-05T08:00:00Z", "eventTypeId": clinic.event_type.id, "attendee": attendee}
    return body | changes


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-09-04", "nonsense"])
def test_another_version_does_not_know_the_route(clinic: Clinic, version: str) -> None:
    response = call(clinic.simulator, "POST", "/v2/bookings", booking_body(clinic), version=version)
    assert response.status_code == 404
    envelope = response.json()
    assert (envelope["status"], envelope["path"]) == ("error", "/v2/bookings")
    assert envelope["error"]["code"] == "NotFoundException"
    assert envelope["error"]["message"] == "Cannot POST /v2/bookings"
    assert counts(clinic.simulator)["bookings"] == 0


def test_the_newer_version_of_bookings_is_answered_alike(clinic: Clinic) -> None:
    uid = clinic.book().uid
    old, new = (
        call(clinic.simulator, "GET", f"/v2/bookings/{uid}", version=version).json()["data"]
        for version in ("2024-08-13", "2026-02-25")
    )
    assert old == new


def test_members_are_stored_in_lower_case_and_found_only_so(clinic: Clinic) -> None:
    users = "/v2/organizations/1/users"
    made = call(clinic.simulator, "POST", users, {"email": "Nora@Example.com", "username": "n1"}).json()["data"]
    assert made["email"] == "nora@example.com"
    assert call(clinic.simulator, "POST", users, {"email": "NORA@example.com", "username": "n2"}).status_code == 409
    found = [call(clinic.simulator, "GET", f"{users}?emails={email}").json()["data"] for email in EITHER_CASE]
    assert found == [[], [made]]


def test_guests_and_booker_come_in_no_order(clinic: Clinic) -> None:
    body = booking_body(clinic) | {"guests": ["kin@example.com", "kim@example.com"]}
    made = call(clinic.simulator, "POST", "/v2/bookings", body).json()["data"]
    shown = [call(clinic.simulator, "GET", f"/v2/bookings/{made['uid']}").json()["data"] for _ in range(30)]
    assert len({one["attendees"][0]["email"] for one in shown}) == 3
    booker = made["bookingFieldsResponses"]["email"]
    assert {one["bookingFieldsResponses"]["email"] for one in shown} == {booker}


EITHER_CASE = ("Nora@Example.com", "nora@example.com")


def test_routes_of_the_organisation_take_any_version(clinic: Clinic) -> None:
    assert call(clinic.simulator, "GET", "/v2/organizations/1/bookings", version="").status_code == 200


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v2/me", None, 401),
        ("/v2/me", "wrong", 401),
        ("/v2/organizations/2/users", "", 403),
        ("/v2/bookings/nobody", None, 404),
        ("/v2/bookings/nobody", "wrong", 401),
        ("/v2/organizations/1/nothing", "", 404),
    ],
)
def test_doors(clinic: Clinic, path: str, key: str | None, status: int) -> None:
    assert call(clinic.simulator, "GET", path, key=key).status_code == status


def test_each_answer_tells_the_budget(clinic: Clinic) -> None:
    headers = call(clinic.simulator, "GET", "/v2/me").headers
    assert int(headers["X-RateLimit-Limit-Default"]) > int(headers["X-RateLimit-Remaining-Default"])
    assert 0 < int(headers["X-RateLimit-Reset-Default"]) <= 60


def test_unknown_fields_are_dropped(clinic: Clinic) -> None:
    body = booking_body(clinic, metadta={"ref": "typo"})
    response = call(clinic.simulator, "POST", "/v2/bookings", body)
    assert (response.status_code, response.json()["data"]["metadata"]) == (201, {})


@pytest.mark.parametrize(
    ("changes", "property_name"),
    [
        ({"start": "tomorrow"}, "start"),
        ({"attendee": {"name": "P", "timeZone": "Mars/One"}}, "attendee.timeZone"),
        ({"attendee": {"name": "P", "timeZone": BERLIN, "phoneNumber": "0151"}}, "attendee.phoneNumber"),
        ({"metadata": {"k" * 41: "v"}}, f"metadata.{'k' * 41}.[key]"),
        ({"metadata": {"k": "v" * 501}}, "metadata.k"),
    ],
)
def test_invalid_fields_are_named(clinic: Clinic, changes: Json, property_name: str) -> None:
    response = call(clinic.simulator, "POST", "/v2/bookings", booking_body(clinic, **changes))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BadRequestException")
    assert error["message"] == "Bad Request Exception"
    assert [entry["property"] for entry in error["details"]["errors"]] == [property_name]
    assert all(entry["constraints"] for entry in error["details"]["errors"])


@pytest.mark.parametrize("clock", ["24:00", "9:00", "09:60", "09:00:00"])
def test_hours_must_be_spelled_as_two_and_two_digits(clinic: Clinic, clock: str) -> None:
    path = f"/v2/organizations/1/users/{clinic.doctor.id}/schedules/{clinic.schedule.id}"
    window: JsonValue = {"days": ["Monday"], "startTime": "08:00", "endTime": clock}
    response = call(clinic.simulator, "PATCH", path, {"availability": [window]})
    assert response.status_code == 400
    assert response.json()["error"]["details"]["errors"][0]["property"] == "availability.0.endTime"
    assert clinic.client.get_user_schedule(clinic.doctor.id, clinic.schedule.id) == clinic.schedule


def test_a_phone_makes_an_address(clinic: Clinic) -> None:
    assert clinic.book().attendees[0].email == "4915112345678@sms.cal.com"
    both = Attendee("P", BERLIN, phone="+4915112345678", email="p@example.com")
    assert clinic.book(MONDAY_TEN + HALF_HOUR, both).attendees[0].email == "p@example.com"


def test_someone_must_be_reachable(clinic: Clinic) -> None:
    with pytest.raises(CalcomRefused) as refusal:
        clinic.book(attendee=Attendee("P", BERLIN))
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (datetime(2020, 1, 6, 9, tzinfo=UTC), "Attempting to book a meeting in the past."),
        (
            MONDAY_TEN - timedelta(hours=3),
            "One of the hosts either already has booking at this time or is not available",
        ),
        (
            MONDAY_TEN + timedelta(hours=4),
            "One of the hosts either already has booking at this time or is not available",
        ),
    ],
)
def test_times_that_cannot_be_booked(clinic: Clinic, start: datetime, message: str) -> None:
    with pytest.raises(CalcomRefused) as refusal:
        clinic.book(start)
    assert (refusal.value.status, refusal.value.message) == (400, message)


def test_a_number_that_no_network_gives_out_cannot_book(clinic: Clinic) -> None:
    with pytest.raises(CalcomRefused) as refusal:
        clinic.book(attendee=Attendee("P", BERLIN, phone="+447700900123"))
    assert (refusal.value.status, refusal.value.message) == (400, "responses - {attendeePhoneNumber}invalid_number, ")
    assert counts(clinic.simulator)["bookings"] == 0


def test_too_soon_is_out_of_bounds(clinic: Clinic) -> None:
    century = 100 * 366 * 24 * 60
    kind = clinic.new_type("far", minimum_notice_minutes=century, schedule_id=clinic.schedule.id)
    far = Clinic(clinic.simulator, clinic.client, clinic.doctor, clinic.schedule, kind)
    with pytest.raises(CalcomRefused) as refusal:
        far.book()
    assert refusal.value.message.startswith('The event type can\'t be booked at the "start" time provided. ')


def test_a_move_to_a_busy_time_and_of_a_cancelled_booking(clinic: Clinic) -> None:
    first, second = clinic.book(), clinic.book(MONDAY_TEN + HALF_HOUR)
    with pytest.raises(CalcomRefused) as busy:
        clinic.client.reschedule_booking(first.uid, start=second.start)
    assert busy.value.message == "User either already has booking at this time or is not available"
    clinic.client.cancel_booking(first.uid)
    with pytest.raises(CalcomRefused) as cancelled:
        clinic.client.reschedule_booking(first.uid, start=MONDAY_TEN - HALF_HOUR)
    assert (cancelled.value.status, cancelled.value.message) == (
        400,
        f"Can't reschedule booking with uid={first.uid} because it has been cancelled."
        " Please provide uid of a booking that is not cancelled.",
    )


def test_a_rejected_booking_can_be_cancelled(clinic: Clinic) -> None:
    kind = clinic.new_type("asked", needs_confirmation=True, schedule_id=clinic.schedule.id)
    booking = Clinic(clinic.simulator, clinic.client, clinic.doctor, clinic.schedule, kind).book()
    assert clinic.client.decline_booking(booking.uid).status == "rejected"
    assert clinic.client.cancel_booking(booking.uid).status == "cancelled"


def test_without_the_admin_api_no_route_of_the_organisation_opens(clinic: Clinic) -> None:
    control(clinic.simulator, "PUT", "permissions", {"adminApi": False})
    refusal = call(clinic.simulator, "GET", "/v2/organizations/1/users")
    assert (refusal.status_code, refusal.json()["error"]["message"]) == (
        403,
        "IsAdminAPIEnabledGuard - Organization with id=1 does not have Admin API access."
        " Please contact https://cal.com/sales to upgrade.",
    )
    assert call(clinic.simulator, "GET", "/v2/me").ok
    control(clinic.simulator, "POST", "reset")
    assert call(clinic.simulator, "GET", "/v2/organizations/1/users").ok


def test_a_mark_that_is_not_allowed_is_said_to_be_a_failure(clinic: Clinic) -> None:
    control(clinic.simulator, "POST", "bookings", [past_row(clinic, "past")])
    control(clinic.simulator, "PUT", "permissions", {"marks": False})
    body: JsonValue = {"attendees": [{"email": "past@example.com", "absent": True}]}
    refusal = call(clinic.simulator, "POST", "/v2/bookings/past/mark-absent", body)
    assert (refusal.status_code, refusal.json()["error"]["message"]) == (500, "Failed to update no-show status")
    assert clinic.client.get_booking("past").attendees[0].absent is False


def test_it_lies_when_told_to(clinic: Clinic) -> None:
    fault: JsonValue = {"match": "GET /v2/me", "do": "lie", "says": {"timeZone": "Mars/One", "email": None}}
    control(clinic.simulator, "PUT", "faults", {"api": {"next": [fault]}})
    told, later = (call(clinic.simulator, "GET", "/v2/me").json()["data"] for _ in range(2))
    assert (told["timeZone"], "email" in told, later["timeZone"]) == ("Mars/One", False, "Europe/London")


def test_of_many_at_once_exactly_one_gets_the_slot(clinic: Clinic) -> None:
    def attempt(_number: int) -> int:
        return call(clinic.simulator, "POST", "/v2/bookings", booking_body(clinic)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == [201, *[400] * 7]
    assert counts(clinic.simulator)["bookings"] == 1


def test_slots_leave_out_what_is_taken(clinic: Clinic) -> None:
    free = clinic.slot_starts(clinic.event_type.id, MONDAY_TEN)
    assert (len(free), free[0], free[-1]) == (
        6,
        "2050-09-05T09:00:00.000+02:00",
        "2050-09-05T11:30:00.000+02:00",
    )
    booking = clinic.book()
    assert "2050-09-05T10:00:00.000+02:00" not in clinic.slot_starts(clinic.event_type.id, MONDAY_TEN)
    clinic.client.cancel_booking(booking.uid)
    assert clinic.slot_starts(clinic.event_type.id, MONDAY_TEN) == free


def test_slots_come_by_local_day_and_empty_without_hours(clinic: Clinic) -> None:
    days = clinic.client.slots(
        event_type_id=clinic.event_type.id,
        start=MONDAY_TEN - timedelta(days=1),
        end=MONDAY_TEN + timedelta(days=1),
        time_zone="Pacific/Auckland",
    )
    assert {day: len(slots) for day, slots in days.items()} == {"2050-09-05": 6, "2050-09-06": 2}
    assert days["2050-09-05"][0].start == MONDAY_TEN - 2 * HALF_HOUR
    assert days["2050-09-05"][0].end == MONDAY_TEN - HALF_HOUR
    sunday = MONDAY_TEN - timedelta(days=1)
    assert clinic.client.slots(event_type_id=clinic.event_type.id, start=sunday, end=sunday + HALF_HOUR) == {}


def test_buffers_keep_a_distance_between_visits(clinic: Clinic) -> None:
    kind = clinic.new_type("spaced", after_buffer_minutes=10, schedule_id=clinic.schedule.id)
    spaced = Clinic(clinic.simulator, clinic.client, clinic.doctor, clinic.schedule, kind)
    spaced.book()
    times = [start[11:16] for start in clinic.slot_starts(kind.id, MONDAY_TEN)]
    assert times == ["09:00", "11:00", "11:30"]


def test_time_off_closes_the_day(clinic: Clinic) -> None:
    path = f"/v2/organizations/1/users/{clinic.doctor.id}/ooo"
    at = "2050-09-05T10:00:00.000Z"
    body: Json = {"start": at, "end": at, "reason": "sick"}
    entry = call(clinic.simulator, "POST", path, body).json()["data"]
    assert (entry["start"], entry["end"]) == ("2050-09-05T00:00:00.000Z", "2050-09-05T23:59:59.999Z")
    assert call(clinic.simulator, "POST", path, body).status_code == 409
    assert clinic.slot_starts(clinic.event_type.id, MONDAY_TEN) == []
    assert call(clinic.simulator, "PATCH", f"{path}/{entry['id']}", {"start": at}).status_code == 400
    assert call(clinic.simulator, "DELETE", f"{path}/{entry['id']}").status_code == 200
    assert len(clinic.slot_starts(clinic.event_type.id, MONDAY_TEN)) == 6


def test_a_reservation_holds_a_slot(clinic: Clinic) -> None:
    body: JsonValue = {"eventTypeId": clinic.event_type.id, "slotStart": "2050-09-05T08:00:00Z"}
    made = call(clinic.simulator, "POST", "/v2/slots/reservations", body, version="2024-09-04").json()["data"]
    assert (made["slotEnd"], made["reservationDuration"]) == ("2050-09-05T08:30:00.000Z", 5)
    with pytest.raises(CalcomRefused):
        clinic.book()
    path = f"/v2/slots/reservations/{made['reservationUid']}"
    assert call(clinic.simulator, "DELETE", path, version="2024-09-04").status_code == 200
    assert clinic.book().status == "accepted"


def test_a_schedule_is_replaced_whole_and_half_by_half(clinic: Clinic) -> None:
    closed = ScheduleOverride(date="2050-09-05", start_time="00:00", end_time="00:00")
    sent = ScheduleInput("Europe/Vienna", [], [closed], name="Leave")
    changed = clinic.client.update_user_schedule(clinic.doctor.id, clinic.schedule.id, sent)
    assert (changed.name, changed.time_zone) == ("Leave", "Europe/Vienna")
    assert (changed.availability, changed.overrides) == ((), (closed,))
    path = f"/v2/organizations/1/users/{clinic.doctor.id}/schedules/{clinic.schedule.id}"
    assert call(clinic.simulator, "PATCH", path, {"overrides": []}).json()["data"]["name"] == "Leave"
    assert clinic.client.get_user_schedule(clinic.doctor.id, clinic.schedule.id).overrides == ()


def test_absent_hours_mean_working_days(clinic: Clinic) -> None:
    path = f"/v2/organizations/1/users/{clinic.doctor.id}/schedules"
    body: Json = {"name": "Plain", "timeZone": "UTC", "isDefault": False}
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    made = call(clinic.simulator, "POST", path, body).json()["data"]
    assert made["availability"] == [{"days": days, "startTime": "09:00", "endTime": "17:00"}]
    assert call(clinic.simulator, "POST", path, body | {"availability": []}).json()["data"]["availability"] == []
    assert [row.id for row in clinic.client.list_user_schedules(clinic.doctor.id)] == [1, 2, 3]


def test_moving_makes_a_new_booking_and_cancels_the_old(clinic: Clinic) -> None:
    old = clinic.book()
    new = clinic.client.reschedule_booking(old.uid, start=MONDAY_TEN + HALF_HOUR, reason="later")
    gone = clinic.client.get_booking(old.uid)
    assert (new.uid != old.uid, new.id != old.id, new.status) == (True, True, "accepted")
    assert (new.rescheduled_from_uid, gone.rescheduled_to_uid) == (old.uid, new.uid)
    # The reason stands in the new booking's cancellation reason, although nobody cancelled it.
    assert (new.cancellation_reason, gone.cancellation_reason) == ("later", "")
    assert (new.metadata, gone.status) == ({"ref": "r1"}, "cancelled")


def test_a_past_booking_is_neither_moved_nor_cancelled(clinic: Clinic) -> None:
    control(clinic.simulator, "POST", "bookings", [past_row(clinic, "past")])
    with pytest.raises(CalcomRefused, match="reschedule_booking 400"):
        clinic.client.reschedule_booking("past", start=MONDAY_TEN)
    with pytest.raises(CalcomRefused, match="cancel_booking 400"):
        clinic.client.cancel_booking("past")
    assert clinic.client.get_booking("past").status == "accepted"


def test_a_misspelt_switch_is_refused(simulator: SimulatorProcess) -> None:
    response = requests.put(f"{simulator.url}/_simulator/faults", json={"webhooks": {"los": 1}}, timeout=10)
    assert response.status_code == 400


def test_state_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with start_simulator(state) as first, requests.Session() as session:
        clinic = open_clinic(first, session)
        kept = clinic.book()
        gone = clinic.client.cancel_booking(clinic.book(MONDAY_TEN + HALF_HOUR).uid)
        before = control(first, "GET", "state")
        first.kill()
    with start_simulator(state) as second, requests.Session() as session:
        client = CalcomClient(second.config, session=session)
        assert control(second, "GET", "state") == before
        assert client.get_booking(gone.uid).status == "cancelled"
        with pytest.raises(CalcomRefused) as refusal:
            client.create_booking(start=MONDAY_TEN, event_type_id=clinic.event_type.id, attendee=PATIENT, metadata={})
        assert refusal.value.is_unavailable is True
        later = client.create_booking(
            start=MONDAY_TEN + HALF_HOUR, event_type_id=clinic.event_type.id, attendee=PATIENT, metadata={}
        )
        assert later.uid not in {kept.uid, gone.uid}


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with start_simulator(tmp_path / "state.sqlite3") as process:
        process.process.terminate()
        assert process.process.wait(5) == 0
