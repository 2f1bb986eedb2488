"""What each trigger means: the facts it gives, what it leaves to a look-up, and what is only recorded."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from clinical.mirror.facts import BookingFacts
from integrations.calcom.api.responses import Booking
from integrations.calcom.facts.translate import (
    Absence,
    ImpossibleTimes,
    Translation,
    translate_booking,
    translate_event,
)
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from tests.integrations.calcom.clinic import REFERENCE

AT = datetime(2050, 1, 1, 12, tzinfo=UTC)
START = datetime(2050, 9, 5, 8, tzinfo=UTC)
ORGANIZER = {"id": 7, "email": "dora@example.com"}
ONE_SEAT = {"attendeeSeatId": "seat-1", "seatsPerTimeSlot": 4}


GUESTS_WORDS = "Please reschedule. I have a fever"
API_ROW: dict[str, Any] = {
    "uid": "a",
    "status": "accepted",
    "start": "2050-09-05T08:00:00.000Z",
    "end": "2050-09-05T08:30:00.000Z",
}


def looked_up(row: dict[str, Any]) -> list[BookingFacts]:
    return translate_booking(Booking.model_validate(row), digest="d", fetched_at=AT)


def told(trigger: str, **changes: Any) -> Translation:
    payload = {
        "uid": "a",
        "bookingId": 5,
        "startTime": "2050-09-05T08:00:00Z",
        "endTime": "2050-09-05T08:30:00Z",
        "organizer": ORGANIZER,
        "attendees": [{"name": "Gerda Guest", "email": "g@example.com", "phoneNumber": "+4915112345678"}],
    }
    given = {key: value for key, value in (payload | changes).items() if value != "absent"}
    return translated({"triggerEvent": trigger, "createdAt": "2050-01-01T12:00:00.000Z", "payload": given})


def translated(body: dict[str, Any]) -> Translation:
    return translate_event(WebhookEvent.read(json.dumps(body).encode()), digest="d", received_at=AT)


def gist(facts: BookingFacts) -> tuple[Any, ...]:
    """Which kinds of facts there are."""
    return (
        facts.uid,
        facts.status,
        "times" if facts.start and facts.end else None,
        "organizer" if facts.organizer_id else None,
        "attendee" if facts.attendee_name or facts.phone else None,
        facts.rescheduled_from or facts.rescheduled_to,
    )


ALL = ("times", "organizer", "attendee")
OLD = {"rescheduleUid": "old", "rescheduleId": 4}


@pytest.mark.parametrize(
    ("trigger", "changes", "facts", "lookups"),
    [
        ("BOOKING_CREATED", {}, [("a", "accepted", *ALL, None)], []),
        ("BOOKING_CREATED", {"requiresConfirmation": True}, [("a", "accepted", *ALL, None)], ["a"]),
        ("BOOKING_CREATED", {"status": "PENDING"}, [("a", "accepted", *ALL, None)], ["a"]),
        ("BOOKING_CREATED", ONE_SEAT, [("a", "accepted", "times", "organizer", None, None)], ["a"]),
        ("BOOKING_REQUESTED", {}, [("a", "pending", *ALL, None)], ["a"]),
        (
            "BOOKING_REQUESTED",
            OLD,
            [("a", "pending", *ALL, "old"), ("old", "cancelled", None, None, None, "a")],
            [],
        ),
        (
            "BOOKING_RESCHEDULED",
            OLD,
            [("a", "accepted", *ALL, "old"), ("old", "cancelled", None, None, None, "a")],
            [],
        ),
        ("BOOKING_RESCHEDULED", {"rescheduleUid": "a"}, [("a", None, "times", None, None, None)], ["a"]),
        ("BOOKING_RESCHEDULED", {}, [("a", "accepted", *ALL, None)], ["a"]),
        ("BOOKING_RESCHEDULED", OLD | ONE_SEAT, [], ["a", "old"]),
        ("BOOKING_RESCHEDULED", OLD | {"seatsPerTimeSlot": 4}, [], ["a", "old"]),
        (
            "BOOKING_RESCHEDULED",
            {"rescheduleUid": "a", "seatsPerTimeSlot": 4},
            [("a", None, "times", None, None, None)],
            ["a"],
        ),
        ("BOOKING_RESCHEDULED", OLD | {"uid": None}, [], ["old"]),
        ("BOOKING_CANCELLED", {}, [("a", "cancelled", *ALL, None)], []),
        ("BOOKING_CANCELLED", ONE_SEAT, [], ["a"]),
        ("BOOKING_CANCELLED", {"seatsPerTimeSlot": 4}, [], ["a"]),
        (
            "BOOKING_CANCELLED",
            {"seatsPerTimeSlot": 4, "cancelledBy": "dora@example.com"},
            [("a", "cancelled", "times", "organizer", None, None)],
            ["a"],
        ),
        ("BOOKING_CANCELLED", {"recurringEvent": {"count": 3}}, [("a", "cancelled", *ALL, None)], ["a"]),
        ("BOOKING_REJECTED", {}, [("a", "rejected", *ALL, None)], []),
        ("BOOKING_CREATED", {"organizer": "absent"}, [("a", "accepted", "times", None, "attendee", None)], ["a"]),
        (
            "BOOKING_CANCELLED",
            {"organizer": {"email": "dora@example.com"}},
            [("a", "cancelled", "times", None, "attendee", None)],
            ["a"],
        ),
        (
            "BOOKING_CREATED",
            {"endTime": "absent"},
            [("a", "accepted", None, "organizer", "attendee", None)],
            ["a"],
        ),
    ],
)
def test_a_booking_event_gives_facts_and_asks_for_the_rest(
    trigger: str, changes: dict[str, Any], facts: list[tuple[Any, ...]], lookups: list[str]
) -> None:
    translation = told(trigger, **changes)
    assert [gist(one) for one in translation.facts] == facts
    assert list(translation.lookups) == lookups
    assert bool(translation.note) is not bool(facts)


@pytest.mark.parametrize("trigger", ["MEETING_STARTED", "MEETING_ENDED", "BOOKING_PAID", "BOOKING_PAYMENT_INITIATED"])
def test_stale_and_inflated_words_are_only_recorded(trigger: str) -> None:
    flat = {"triggerEvent": trigger, "uid": "a", "status": "ACCEPTED", "startTime": "2050-09-05T08:00:00.000Z"}
    for translation in (told(trigger), translated(flat)):
        assert (translation.facts, translation.lookups) == ((), ())
        assert translation.note


@pytest.mark.parametrize(
    "body",
    [{}, {"triggerEvent": "PING", "payload": {"type": "Test"}}, {"triggerEvent": "NEW_THING", "payload": {}}],
)
def test_what_is_not_ours_is_only_recorded(body: dict[str, Any]) -> None:
    translation = translated(body)
    assert (translation.facts, translation.lookups) == ((), ())
    assert translation.note


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cancellationReason": "ill"}, "ill"),
        ({"requestReschedule": True, "cancellationReason": "x"}, "reschedule_requested"),
        ({"requestReschedule": True}, "reschedule_requested"),
        ({"requestReschedule": False, "cancellationReason": GUESTS_WORDS}, GUESTS_WORDS),
        ({"cancellationReason": "Please reschedule. I am away"}, "reschedule_requested"),
        ({"cancellationReason": None}, None),
    ],
)
def test_a_cancellations_reason(changes: dict[str, Any], reason: str | None) -> None:
    assert told("BOOKING_CANCELLED", **changes).facts[0].cancellation_reason == reason


def test_the_same_words_in_the_api_are_the_reason() -> None:
    row = API_ROW | {"status": "cancelled", "cancellationReason": GUESTS_WORDS}
    assert looked_up(row)[0].cancellation_reason == GUESTS_WORDS


def test_who_asks_for_another_time_is_not_the_doctor() -> None:
    asker = {"id": 99, "name": "Ada Admin", "email": "dora@example.com"}
    asked = told("BOOKING_CANCELLED", organizer=asker, requestReschedule=True)
    assert (asked.facts[0].organizer_id, asked.facts[0].organizer_email, asked.lookups) == (None, None, ["a"])
    cancelled = told("BOOKING_CANCELLED", organizer=asker, requestReschedule=False)
    assert (cancelled.facts[0].organizer_id, cancelled.lookups) == (99, [])


def test_an_email_without_an_id_is_told_and_looked_up() -> None:
    translation = told("BOOKING_CREATED", organizer={"email": "dora@example.com"})
    assert (translation.facts[0].organizer_id, translation.facts[0].organizer_email) == (None, "dora@example.com")
    assert translation.lookups == ["a"]


GUEST = {"name": "Karl Kin", "email": "kin@example.com", "phoneNumber": "+4915100000000", "absent": True}
BOOKER = {"name": "Gerda Guest", "email": "g@example.com", "phoneNumber": "+4915112345678"}


@pytest.mark.parametrize("attendees", [[BOOKER, GUEST], [GUEST, BOOKER]])
def test_the_form_says_who_booked_whatever_the_order(attendees: list[dict[str, Any]]) -> None:
    event = told("BOOKING_CREATED", attendees=attendees, responses={"email": {"value": "G@example.com"}})
    row = API_ROW | {"attendees": attendees, "bookingFieldsResponses": {"email": "G@example.com"}}
    booking, mark = looked_up(row)
    for facts in (event.facts[0], booking):
        assert (facts.attendee_name, facts.phone) == ("Gerda Guest", "4915112345678")
    assert mark.no_show is False


def test_where_no_form_says_who_booked_it_is_the_first() -> None:
    row = API_ROW | {"attendees": [GUEST, BOOKER]}
    for facts in (told("BOOKING_CREATED", attendees=[GUEST, BOOKER]).facts[0], looked_up(row)[0]):
        assert (facts.attendee_name, facts.phone) == ("Karl Kin", "4915100000000")


def test_guests_alone_are_not_taken_for_the_booker() -> None:
    row = API_ROW | {
        "attendees": [GUEST, GUEST | {"email": "kim@example.com"}],
        "bookingFieldsResponses": {"email": "g@example.com", "name": "Gerda Guest"},
    }
    [facts] = looked_up(row)
    assert (facts.attendee_name, facts.phone) == ("Gerda Guest", None)


@pytest.mark.parametrize("answer", ["Gerda Guest", {"firstName": "Gerda", "lastName": "Guest"}])
def test_a_name_is_taken_from_the_form_where_the_attendee_has_none(answer: Any) -> None:
    nameless = [{"name": " ", "email": "g@example.com"}]
    event = told("BOOKING_CREATED", attendees=nameless, responses={"name": {"label": "your_name", "value": answer}})
    row = API_ROW | {"attendees": nameless, "bookingFieldsResponses": {"name": answer}}
    assert [event.facts[0].attendee_name, looked_up(row)[0].attendee_name] == ["Gerda Guest"] * 2


@pytest.mark.parametrize("end", ["2050-09-05T08:00:00Z", "2050-09-05T07:30:00Z"])
def test_times_that_cannot_be_are_refused(end: str) -> None:
    with pytest.raises(ImpossibleTimes):
        told("BOOKING_CREATED", endTime=end)
    with pytest.raises(ValidationError):
        Booking.model_validate(API_ROW | {"end": end})
    old = OLD | {"rescheduleStartTime": "2050-09-05T08:00:00Z", "rescheduleEndTime": end}
    assert told("BOOKING_RESCHEDULED", **old).facts[1].start is None


def test_the_reason_of_a_move_is_no_reason_to_cancel() -> None:
    assert told("BOOKING_RESCHEDULED", cancellationReason="later", **OLD).facts[0].cancellation_reason is None


@pytest.mark.parametrize(
    "spelling",
    ["2050-09-05T08:00:00Z", "2050-09-05T08:00:00+00:00", "2050-09-05T08:00:00.000Z", "2050-09-05T10:00+02:00"],
)
def test_every_spelling_of_a_time_is_the_same_time(spelling: str) -> None:
    assert told("BOOKING_CREATED", startTime=spelling).facts[0].start == START


@pytest.mark.parametrize(
    "place",
    [
        {"attendees": [{"name": "G", "phoneNumber": "+4915112345678"}]},
        {"responses": {"attendeePhoneNumber": {"value": "+4915112345678"}}},
        {"responses": {"location": {"value": {"value": "phone", "optionValue": "+4915112345678"}}}},
        {"smsReminderNumber": "+4915112345678"},
        {"attendees": [{"name": "G", "email": "4915112345678@sms.cal.com"}]},
    ],
)
def test_a_phone_is_found_in_all_its_places(place: dict[str, Any]) -> None:
    changes = {"attendees": [{"name": "G", "email": "g@example.com"}]} | place
    assert told("BOOKING_CREATED", **changes).facts[0].phone == "4915112345678"


@pytest.mark.parametrize(
    ("marks", "no_show", "lookups"),
    [
        ([{"noShow": True}], True, []),
        ([{"noShow": False}], False, []),
        ([{"noShow": True}, {"noShow": True}], True, []),
        ([{"noShow": True}, {"noShow": False}], None, ["a"]),
        ([], None, ["a"]),
    ],
)
def test_a_no_show_is_the_bookers(marks: list[dict[str, Any]], no_show: bool | None, lookups: list[str]) -> None:
    body = {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "payload": {"bookingUid": "a", "attendees": marks}}
    translation = translated(body)
    assert [one.no_show for one in translation.facts] == ([] if no_show is None else [no_show])
    assert list(translation.lookups) == lookups


@pytest.mark.parametrize("offset", ["+00:00", "-05:00", "+13:00", "Z"])
def test_an_absence_entered_in_calcom_is_drift_on_the_days_of_its_own_offset(offset: str) -> None:
    entry = {"start": f"2050-01-05T00:00:00{offset}", "end": f"2050-01-07T23:59:59{offset}", "user": {"id": 7}}
    translation = translated({"triggerEvent": "OOO_CREATED", "payload": {"oooEntry": entry}})
    assert translation.absence == Absence(7, date(2050, 1, 5), date(2050, 1, 7))
    assert translation.facts == ()


def test_a_look_up_tells_the_no_show_as_of_when_it_was_asked() -> None:
    row = {
        "uid": "a",
        "status": "accepted",
        "start": "2050-09-05T08:00:00.000Z",
        "end": "2050-09-05T08:30:00.000Z",
        "hosts": [{"id": 7, "email": "dora@example.com"}],
        "attendees": [{"name": "G", "absent": True}],
        "updatedAt": "2049-01-01T00:00:00.000Z",
        "rescheduledFromUid": "old",
    }
    booking, mark = translate_booking(Booking.model_validate(row), digest="d", fetched_at=AT)
    assert (booking.at, booking.no_show, booking.rescheduled_from) == (datetime(2049, 1, 1, tzinfo=UTC), None, "old")
    assert (mark.at, mark.no_show, mark.status) == (AT, True, None)


def test_of_two_look_ups_about_one_change_the_later_counts() -> None:
    row = {"uid": "a", "status": "accepted", "start": "2050-09-05T08:00:00Z", "end": "2050-09-05T08:30:00Z"}
    asked = [AT, AT.replace(hour=13)]
    first, second = (
        translate_booking(
            Booking.model_validate(row | {"updatedAt": "2049-01-01T00:00:00Z"}), digest="f", fetched_at=at
        )
        for at in asked
    )
    assert first[0].at == second[0].at
    assert "f" * 64 < first[0].digest < second[0].digest


# What each of the vendor's printed samples is: booking facts, a mark, an absence, or nothing of ours.
SAMPLES = {
    "BOOKING_CREATED-1": 1,
    "BOOKING_CREATED-2": 1,
    "BOOKING_REQUESTED-1": 1,
    "BOOKING_RESCHEDULED-1": 2,
    "BOOKING_CANCELLED-1": 1,
    "BOOKING_REJECTED-1": 1,
    "BOOKING_NO_SHOW_UPDATED-1": 1,
    "BOOKING_NO_SHOW_UPDATED-2": 1,
    "BOOKING_PAID-1": 0,
    "MEETING_STARTED-1": 0,
    "MEETING_ENDED-1": 0,
    "OOO_CREATED-1": 0,
    "DELEGATION_CREDENTIAL_ERROR-1": 0,
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW-1": 0,
}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the vendor's samples are not beside this clone")
def test_every_sample_of_the_vendor_is_understood() -> None:
    found = {}
    for path in sorted((REFERENCE / "webhooks").glob("*.json")):
        translation = translated(json.loads(path.read_text()))
        assert translation.facts or translation.note, path.name
        found[path.stem] = len(translation.facts)
    assert found == SAMPLES
