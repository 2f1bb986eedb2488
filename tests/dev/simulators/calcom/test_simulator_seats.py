"""Seats and series: several events for one booking, and one event for several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from pydantic import JsonValue

from integrations.calcom.api.responses import Booking, read
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from tests.integrations.calcom.clinic import (
    HALF_HOUR,
    MONDAY_TEN,
    TEAM_ID,
    Clinic,
    Json,
    Receiver,
    call,
    control,
    past_row,
)

WEEK = timedelta(weeks=1)
PEOPLE = ("Ann", "Bob", "Cem")


@pytest.fixture
def group(clinic: Clinic, receiver: Receiver) -> Clinic:
    """With a visit of three seats, and a subscriber."""
    return _subscribed(clinic, receiver, {"seats": {"seatsPerTimeSlot": 3}})


@pytest.fixture
def course(clinic: Clinic, receiver: Receiver) -> Clinic:
    """With a weekly visit that the host confirms, and a subscriber."""
    weekly: Json = {"interval": 1, "occurrences": 12, "frequency": "weekly"}
    return _subscribed(clinic, receiver, {"recurrence": weekly, "confirmationPolicy": {"type": "always"}})


def _subscribed(clinic: Clinic, receiver: Receiver, more: Json) -> Clinic:
    hosts: JsonValue = [{"userId": clinic.doctor.id}]
    body: Json = {"lengthInMinutes": 30, "title": "Other", "slug": "other", "schedulingType": "collective"}
    body |= {"hosts": hosts, "scheduleId": clinic.schedule.id, **more}
    answer = call(clinic.simulator, "POST", f"/v2/organizations/1/teams/{TEAM_ID}/event-types", body)
    assert answer.status_code == 201, answer.text
    clinic.client.create_org_webhook(url=receiver.url, secret="s")
    control(clinic.simulator, "PUT", "faults", {"webhooks": {"delay_ms": 600_000}})
    other = next(one for one in clinic.client.list_team_event_types(TEAM_ID) if one.slug == "other")
    return Clinic(clinic.simulator, clinic.client, clinic.doctor, clinic.schedule, other)


def ask(clinic: Clinic, path: str, body: Json, status: int = 201) -> JsonValue:
    answer = call(clinic.simulator, "POST", path, body)
    assert answer.status_code == status, answer.text
    data: JsonValue = answer.json().get("data")
    return data


def person(name: str) -> Json:
    return {"name": name, "timeZone": "Europe/Berlin", "email": f"{name.lower()}@example.com"}


def request(clinic: Clinic, name: str, **more: JsonValue) -> Json:
    start = MONDAY_TEN.isoformat()
    return {"start": start, "eventTypeId": clinic.event_type.id, "attendee": person(name), **more}


def seated(clinic: Clinic, names: Sequence[str] = PEOPLE) -> tuple[str, dict[str, str]]:
    """The uid of one visit with a seat for each, and the seats' uids by name."""
    shown = [ask(clinic, "/v2/bookings", request(clinic, name)) for name in names][-1]
    assert isinstance(shown, dict)
    people = shown["attendees"]
    assert isinstance(people, list)
    return str(shown["uid"]), {str(one["name"]): str(one["seatUid"]) for one in people if isinstance(one, dict)}


def series(clinic: Clinic, visits: int = 3) -> list[Booking]:
    return read(list[Booking], ask(clinic, "/v2/bookings", request(clinic, "Ann", recurrenceCount=visits)))


def told(clinic: Clinic, receiver: Receiver) -> list[WebhookEvent]:
    """What is new, in the order it came about."""
    receiver.received.clear()
    control(clinic.simulator, "POST", "flush")
    events = [WebhookEvent.read(body) for _headers, body in receiver.received]
    return sorted(events, key=lambda event: str(event.created_at))


def statuses(clinic: Clinic, rows: Sequence[Booking]) -> list[str]:
    return [str(clinic.client.get_booking(one.uid).status) for one in rows]


def names_in(clinic: Clinic, uid: str) -> list[str]:
    return [one.name for one in clinic.client.get_booking(uid).attendees]


def test_each_seat_is_told_as_created_with_the_same_uid(group: Clinic, receiver: Receiver) -> None:
    uid, seats = seated(group)
    events = told(group, receiver)
    assert [(event.trigger_event, event.booking().uid) for event in events] == [("BOOKING_CREATED", uid)] * 3
    assert [event.booking().attendee_seat_id for event in events] == [seats[name] for name in PEOPLE]
    assert {event.booking().seats_per_time_slot for event in events} == {3}
    assert names_in(group, uid) == list(PEOPLE)


def test_a_visit_takes_no_more_people_than_it_has_seats_and_nobody_twice(group: Clinic) -> None:
    seated(group, ["Ann", "Bob"])
    ask(group, "/v2/bookings", request(group, "Ann"), 409)
    ask(group, "/v2/bookings", request(group, "Cem"))
    ask(group, "/v2/bookings", request(group, "Dan"), 409)


def test_a_seat_given_back_says_cancelled_though_the_visit_stays(group: Clinic, receiver: Receiver) -> None:
    uid, seats = seated(group)
    told(group, receiver)
    before = group.client.get_booking(uid)
    ask(group, f"/v2/bookings/{uid}/cancel", {"seatUid": seats["Ann"]}, 200)
    [event] = told(group, receiver)
    payload = event.booking()
    assert (event.trigger_event, payload.uid, str(payload.status)) == ("BOOKING_CANCELLED", uid, "cancelled")
    assert ([one.name for one in payload.attendees], payload.cancelled_by) == (["Ann"], "")
    after = group.client.get_booking(uid)
    assert (str(after.status), names_in(group, uid)) == ("accepted", ["Bob", "Cem"])
    assert after.updated_at == before.updated_at


def test_the_last_seat_given_back_cancels_the_visit(group: Clinic, receiver: Receiver) -> None:
    uid, seats = seated(group, ["Ann"])
    ask(group, f"/v2/bookings/{uid}/cancel", {"seatUid": seats["Ann"]}, 200)
    assert str(group.client.get_booking(uid).status) == "cancelled"
    assert told(group, receiver)[-1].booking().cancelled_by == "owner@example.com"


def test_a_seat_that_is_moved_names_the_seat_or_the_booking_as_what_it_was(group: Clinic, receiver: Receiver) -> None:
    uid, seats = seated(group, ["Ann", "Bob"])
    told(group, receiver)
    later = (MONDAY_TEN + HALF_HOUR).isoformat()
    moved = ask(group, f"/v2/bookings/{uid}/reschedule", {"start": later, "seatUid": seats["Ann"]})
    assert isinstance(moved, dict)
    [event] = told(group, receiver)
    payload = event.booking()
    assert (event.trigger_event, payload.uid) == ("BOOKING_RESCHEDULED", moved["uid"])
    assert (payload.reschedule_uid, payload.attendee_seat_id) in {(seats["Ann"], seats["Ann"]), (uid, None)}
    assert (names_in(group, uid), names_in(group, str(moved["uid"]))) == (["Bob"], ["Ann"])
    ask(group, f"/v2/bookings/{uid}/reschedule", {"start": later, "seatUid": seats["Bob"]})
    assert str(group.client.get_booking(uid).status) == "cancelled"
    assert names_in(group, str(moved["uid"])) == ["Ann", "Bob"]


def test_the_host_moves_everybody_in_place(group: Clinic, receiver: Receiver) -> None:
    uid, _seats = seated(group)
    told(group, receiver)
    later: Json = {"start": (MONDAY_TEN + HALF_HOUR).isoformat()}
    ask(group, f"/v2/bookings/{uid}/reschedule", later, 400)
    ask(group, f"/v2/bookings/{uid}/reschedule", later | {"rescheduledBy": group.doctor.email})
    [event] = told(group, receiver)
    payload = event.booking()
    assert (payload.uid, payload.reschedule_uid, payload.start) == (uid, uid, MONDAY_TEN + HALF_HOUR)
    assert payload.reschedule_start == MONDAY_TEN


def test_each_visit_of_a_series_is_told_and_has_its_own_uid(course: Clinic, receiver: Receiver) -> None:
    rows = series(course)
    assert [one.start for one in rows] == [MONDAY_TEN + number * WEEK for number in range(3)]
    assert len({one.recurring_booking_uid for one in rows}) == 1
    events = told(course, receiver)
    assert [event.trigger_event for event in events] == ["BOOKING_REQUESTED"] * 3
    assert {event.booking().uid for event in events} == {one.uid for one in rows}
    assert course.client.get_bookings(str(rows[0].recurring_booking_uid)) == rows


@pytest.mark.parametrize(
    ("verb", "trigger", "status"),
    [("confirm", "BOOKING_CREATED", "accepted"), ("decline", "BOOKING_REJECTED", "rejected")],
)
def test_one_answer_is_for_the_whole_series_and_told_once(
    course: Clinic, receiver: Receiver, verb: str, trigger: str, status: str
) -> None:
    rows = series(course)
    told(course, receiver)
    ask(course, f"/v2/bookings/{rows[1].uid}/{verb}", {}, 200)
    [event] = told(course, receiver)
    assert (event.trigger_event, event.booking().uid) == (trigger, rows[1].uid)
    assert event.booking().recurring_event == {"freq": 2, "count": 3, "interval": 1}
    assert statuses(course, rows) == [status] * 3


def test_a_series_is_cancelled_from_one_visit_on_and_told_once(course: Clinic, receiver: Receiver) -> None:
    rows = series(course)
    told(course, receiver)
    ask(course, f"/v2/bookings/{rows[1].uid}/cancel", {"cancelSubsequentBookings": True}, 200)
    [event] = told(course, receiver)
    # Nothing in it says that others are meant too.
    assert (event.booking().uid, event.booking().recurring_event) == (rows[1].uid, {})
    assert statuses(course, rows) == ["pending", "cancelled", "cancelled"]


def test_the_series_own_uid_cancels_what_is_left(course: Clinic, receiver: Receiver) -> None:
    rows = series(course)
    course.client.cancel_booking(rows[0].uid)
    told(course, receiver)
    ask(course, f"/v2/bookings/{rows[0].recurring_booking_uid}/cancel", {}, 200)
    assert [event.booking().uid for event in told(course, receiver)] == [rows[1].uid]
    assert statuses(course, rows) == ["cancelled"] * 3


def test_seats_and_series_can_be_imported(group: Clinic) -> None:
    people: JsonValue = [{"name": name, "email": f"{name}@example.com"} for name in PEOPLE]
    rows = [past_row(group, "all", seats=people), past_row(group, "one", recurringBookingUid="weekly")]
    del rows[0]["attendee"]
    control(group.simulator, "POST", "bookings", list(rows))
    assert names_in(group, "all") == list(PEOPLE)
    shown = json.loads(call(group.simulator, "GET", "/v2/bookings/all").text)["data"]
    assert all(one["seatUid"] for one in shown["attendees"])
    assert [one.uid for one in group.client.get_bookings("weekly")] == ["one"]
