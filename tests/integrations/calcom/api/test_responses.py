from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue, ValidationError

from integrations.calcom.api.config import sign, verify
from integrations.calcom.api.responses import Booking, BookingStatus
from integrations.calcom.facts.people import booking_phone, e164_digits, event_phone
from integrations.calcom.facts.webhook_payloads import BookingEventPayload, WebhookEvent
from tests.integrations.calcom.clinic import REFERENCE

CREATED: dict[str, JsonValue] = {
    "triggerEvent": "BOOKING_CREATED",
    "createdAt": "2050-01-01T00:00:00.538Z",
    "payload": {
        "uid": "u1",
        "bookingId": 91,
        "status": "ACCEPTED",
        "startTime": "2050-01-02T09:30:00Z",
        "endTime": "2050-01-02T10:30:00Z",
        "organizer": {"id": 5, "email": "dora@example.com", "timeFormat": 12, "invented": {}},
        "attendees": [{"email": "p@example.com", "name": "P", "phoneNumber": None}],
        "responses": None,
        "metadata": {"ref": "r1"},
        "requiresConfirmation": None,
    },
}
FLAT: dict[str, JsonValue] = {
    "triggerEvent": "MEETING_ENDED",
    "id": 100,
    "uid": "u1",
    "userId": 10,
    "startTime": "2050-01-02T09:30:00.000Z",
    "endTime": "2050-01-02T10:30:00.000Z",
    "createdAt": "2049-12-01T00:00:00.000Z",
    "status": "ACCEPTED",
    "user": {"email": "dora@example.com"},
    "attendees": [{"id": 1, "email": "p@example.com", "noShow": False}],
}


def event(body: JsonValue) -> WebhookEvent:
    return WebhookEvent.read(json.dumps(body).encode())


def payload(**fields: JsonValue) -> BookingEventPayload:
    return BookingEventPayload.model_validate(fields)


def test_a_wrapped_event_is_read() -> None:
    read = event(CREATED)
    booking = read.booking()
    assert (read.trigger_event, read.is_flat) == ("BOOKING_CREATED", False)
    assert read.created_at == datetime(2050, 1, 1, 0, 0, 0, 538000, UTC)
    assert (booking.uid, booking.booking_id, booking.organizer_id) == ("u1", 91, 5)
    assert booking.status is BookingStatus.ACCEPTED
    assert booking.start == datetime(2050, 1, 2, 9, 30, tzinfo=UTC)
    assert booking.metadata == {"ref": "r1"}
    assert booking.requires_confirmation is False


def test_a_flat_event_is_read_and_tells_no_time_of_its_own() -> None:
    read = event(FLAT)
    booking = read.booking()
    assert (read.trigger_event, read.is_flat, read.created_at) == ("MEETING_ENDED", True, None)
    assert (booking.uid, booking.booking_id, booking.organizer_id) == ("u1", 100, 10)
    assert booking.attendees[0].no_show is False


def test_a_no_show_is_read() -> None:
    body: dict[str, JsonValue] = {
        "triggerEvent": "BOOKING_NO_SHOW_UPDATED",
        "createdAt": "2050-01-01T00:00:00.000Z",
        "payload": {"bookingUid": "u1", "bookingId": 31, "attendees": [{"email": "p@x.org", "noShow": True}]},
    }
    no_show = event(body).no_show()
    assert (no_show.booking_uid, no_show.booking_id) == ("u1", 31)
    assert [(who.email, who.no_show) for who in no_show.attendees] == [("p@x.org", True)]


def test_an_empty_object_is_an_event_without_a_trigger() -> None:
    assert event({}).trigger_event == ""
    assert event({}).payload == {}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"false", b"a=b"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        WebhookEvent.read(body)


@pytest.mark.parametrize(
    "spelling",
    [
        "2050-07-01T10:00:00Z",
        "2050-07-01T10:00:00+00:00",
        "2050-07-01T10:00:00.000Z",
        "2050-07-01T12:00:00.000+02:00",
    ],
)
def test_each_spelling_of_a_time_gives_the_same_aware_utc(spelling: str) -> None:
    start = payload(startTime=spelling).start
    assert start == datetime(2050, 7, 1, 10, tzinfo=UTC)
    assert start is not None
    assert start.utcoffset() is not None
    assert start.tzname() == "UTC"


def test_a_number_is_not_a_time() -> None:
    with pytest.raises(ValidationError):
        payload(startTime=1735689600)


def test_a_booking_survives_nulls_additions_and_a_deleted_host() -> None:
    booking = Booking.model_validate(
        {
            "uid": "u1",
            "status": "awaiting_host",
            "start": "2050-07-01T10:00:00.000Z",
            "end": "2050-07-01T10:30:00.000Z",
            "updatedAt": None,
            "metadata": None,
            "hosts": [{"id": "unknown", "name": None}],
            "attendees": [None, {"name": "P", "email": None}],
            "newThing": [1],
        }
    )
    assert booking.status is BookingStatus.UNKNOWN
    assert booking.updated_at is None
    assert [host.id for host in booking.hosts] == [None]
    assert [person.name for person in booking.attendees] == ["P"]


LOCATION: JsonValue = {"label": "l", "value": {"value": "phone", "optionValue": "+49 151 12345673"}}
PLACES = [
    ({"attendees": [{"phoneNumber": "+49 151 12345671"}]}, "4915112345671"),
    ({"responses": {"attendeePhoneNumber": {"label": "l", "value": "+4915112345672"}}}, "4915112345672"),
    ({"responses": {"attendeePhoneNumber": "+4915112345672"}}, "4915112345672"),
    ({"responses": {"location": LOCATION}}, "4915112345673"),
    ({"smsReminderNumber": "+4915112345674"}, "4915112345674"),
    ({"attendees": [{"email": "4915112345675@sms.cal.com"}]}, "4915112345675"),
    ({"attendees": [{"email": "4915112345675@sms.example.com"}]}, None),
    ({"responses": {"location": {"label": "l", "value": {"value": "inPerson", "optionValue": ""}}}}, None),
    ({"attendees": [{"name": "P"}, {"phoneNumber": "+4915112345676"}]}, None),
    ({"attendees": [{"phoneNumber": "none"}], "smsReminderNumber": "+4915112345674"}, "4915112345674"),
    ({}, None),
]


@pytest.mark.parametrize(("fields", "digits"), PLACES)
def test_the_number_is_found_in_each_place(fields: dict[str, JsonValue], digits: str | None) -> None:
    assert event_phone(payload(**fields)) == digits


def test_the_places_are_looked_at_in_order() -> None:
    fields: dict[str, JsonValue] = {"smsReminderNumber": "+4915112345674"}
    fields["attendees"] = [{"email": "4915112345675@sms.cal.com", "phoneNumber": None}]
    assert event_phone(payload(**fields)) == "4915112345674"
    fields["responses"] = {"location": LOCATION}
    assert event_phone(payload(**fields)) == "4915112345673"


def test_the_number_of_an_api_booking_is_found() -> None:
    row: dict[str, JsonValue] = {"uid": "u", "status": "accepted", "start": "2050-07-01T10:00:00Z"}
    row |= {
        "end": "2050-07-01T10:30:00Z",
        "bookingFieldsResponses": {"attendeePhoneNumber": "+4915112345672"},
    }
    assert booking_phone(Booking.model_validate(row)) == "4915112345672"


@pytest.mark.parametrize("text", ["", "0151 12345678", "+49", "+1", "hello", "+" + "9" * 20])
def test_what_is_no_international_number_is_none(text: str) -> None:
    assert e164_digits(text) is None


def test_every_printed_webhook_body_is_read() -> None:
    if not REFERENCE.exists():
        pytest.skip("the vendor's sample bodies are not beside this checkout")
    samples = sorted((REFERENCE / "webhooks").glob("*.json"))
    read = {sample.stem: WebhookEvent.read(sample.read_bytes()) for sample in samples}
    assert all(event.trigger_event == name.rsplit("-", 1)[0] for name, event in read.items())
    with_uid = {name for name, event in read.items() if event.booking().uid is not None}
    assert set(read) - with_uid == {"DELEGATION_CREDENTIAL_ERROR-1", "OOO_CREATED-1"}
    assert read["BOOKING_RESCHEDULED-1"].booking().reschedule_uid == "previous-booking-unique-id"
    assert read["BOOKING_NO_SHOW_UPDATED-2"].no_show().attendees[0].no_show is True


def test_a_signature_is_hex_hmac_sha256() -> None:
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign("Jefe", b"what do ya want for nothing?") == expected


def test_any_of_the_secrets_verifies() -> None:
    body = '{"name": "Zoë"}'.encode()
    assert verify(["new", "old"], body, sign("old", body)) is True
    assert verify(["new", "old"], body + b" ", sign("old", body)) is False
    assert verify(["new"], body, sign("old", body)) is False


@pytest.mark.parametrize("header", [None, "", "no-secret-provided", "é", "\udcff", "sha256=" + sign("s", b"{}")])
def test_what_is_no_signature_is_refused(header: str | None) -> None:
    assert verify(["s"], b"{}", header) is False


def test_no_secret_verifies_nothing() -> None:
    assert verify([], b"{}", sign("", b"{}")) is False
    assert verify([""], b"{}", sign("", b"{}")) is False
