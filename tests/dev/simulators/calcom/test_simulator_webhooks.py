from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from dev.simulators.calcom.process import SimulatorProcess
from integrations.calcom.api.config import verify
from integrations.calcom.api.errors import CalcomRefused
from integrations.calcom.api.requests import BOOKING_TRIGGERS, BookingFilters
from integrations.calcom.facts.people import event_phone
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from tests.integrations.calcom.clinic import (
    HALF_HOUR,
    MONDAY_TEN,
    Clinic,
    Receiver,
    control,
    eventually,
)

SECRET = "hook-secret"


@pytest.fixture
def subscribed(clinic: Clinic, receiver: Receiver) -> Clinic:
    clinic.client.create_org_webhook(url=receiver.url, secret=SECRET)
    return clinic


def wait_for(receiver: Receiver, number: int) -> list[WebhookEvent]:
    eventually(lambda: len(receiver.received) >= number)
    return [WebhookEvent.read(body) for _headers, body in receiver.received]


def faults(simulator: SimulatorProcess, **webhooks: JsonValue) -> None:
    control(simulator, "PUT", "faults", {"webhooks": webhooks})


def raw_payload(receiver: Receiver) -> dict[str, JsonValue]:
    parsed = json.loads(receiver.received[-1][1])["payload"]
    assert isinstance(parsed, dict)
    return parsed


def test_a_new_booking_is_told_signed(subscribed: Clinic, receiver: Receiver) -> None:
    booking = subscribed.book()
    [event] = wait_for(receiver, 1)
    headers, body = receiver.received[0]
    told = event.booking()
    assert event.trigger_event == "BOOKING_CREATED"
    assert verify([SECRET], body, headers["X-Cal-Signature-256"]) is True
    assert (headers["Content-Type"], headers["X-Cal-Webhook-Version"]) == ("application/json", "2021-10-20")
    assert (told.uid, told.booking_id, told.organizer_id) == (booking.uid, booking.id, subscribed.doctor.id)
    assert (told.start, told.end) == (MONDAY_TEN, MONDAY_TEN + HALF_HOUR)
    assert (told.metadata, event_phone(told)) == ({"ref": "r1"}, "4915112345678")
    assert raw_payload(receiver)["startTime"] == "2050-09-05T08:00:00Z"


def test_a_moved_booking_is_told_with_both_uids(subscribed: Clinic, receiver: Receiver) -> None:
    old = subscribed.book()
    new = subscribed.client.reschedule_booking(old.uid, start=MONDAY_TEN + HALF_HOUR, reason="later")
    event = wait_for(receiver, 2)[1]
    told = event.booking()
    assert event.trigger_event == "BOOKING_RESCHEDULED"
    assert (told.uid, told.reschedule_uid, told.reschedule_id) == (new.uid, old.uid, old.id)
    assert (told.reschedule_start, told.metadata) == (MONDAY_TEN, {"ref": "r1"})


def test_a_cancelled_booking_is_told_without_metadata(subscribed: Clinic, receiver: Receiver) -> None:
    booking = subscribed.book()
    subscribed.client.cancel_booking(booking.uid, reason="ill")
    event = wait_for(receiver, 2)[1]
    told = event.booking()
    assert (event.trigger_event, told.uid, told.cancellation_reason) == (
        "BOOKING_CANCELLED",
        booking.uid,
        "ill",
    )
    assert (raw_payload(receiver)["status"], told.request_reschedule) == ("CANCELLED", False)
    assert raw_payload(receiver)["startTime"] == "2050-09-05T08:00:00+00:00"
    assert "metadata" not in raw_payload(receiver)


def test_a_booking_to_confirm_is_requested_then_created_or_rejected(subscribed: Clinic, receiver: Receiver) -> None:
    kind = subscribed.new_type("asked", needs_confirmation=True, schedule_id=subscribed.schedule.id)
    asking = Clinic(subscribed.simulator, subscribed.client, subscribed.doctor, subscribed.schedule, kind)
    first, second = asking.book(), asking.book(MONDAY_TEN + HALF_HOUR)
    assert (first.status, second.status) == ("pending", "pending")
    assert asking.client.confirm_booking(first.uid).status == "accepted"
    assert asking.client.decline_booking(second.uid, reason="full").status == "rejected"
    events = wait_for(receiver, 4)
    assert [event.trigger_event for event in events] == [
        "BOOKING_REQUESTED",
        "BOOKING_REQUESTED",
        "BOOKING_CREATED",
        "BOOKING_REJECTED",
    ]
    # Our reference is lost on the way through a confirmation.
    assert events[2].booking().metadata == {}
    assert events[3].booking().rejection_reason == "full"
    assert raw_payload(receiver)["startTime"] == "2050-09-05T08:30:00.000Z"


def test_a_move_that_needs_confirmation_is_requested(subscribed: Clinic, receiver: Receiver) -> None:
    kind = subscribed.new_type("asked", needs_confirmation=True, schedule_id=subscribed.schedule.id)
    asking = Clinic(subscribed.simulator, subscribed.client, subscribed.doctor, subscribed.schedule, kind)
    old = asking.book()
    new = asking.client.reschedule_booking(old.uid, start=MONDAY_TEN + HALF_HOUR)
    by_host = asking.client.reschedule_booking(new.uid, start=MONDAY_TEN, rescheduled_by=asking.doctor.email)
    assert (new.status, by_host.status) == ("pending", "accepted")
    events = wait_for(receiver, 3)
    assert [event.trigger_event for event in events[1:]] == ["BOOKING_REQUESTED", "BOOKING_RESCHEDULED"]
    assert events[1].booking().reschedule_uid == old.uid


def test_a_no_show_is_told(subscribed: Clinic, receiver: Receiver) -> None:
    start = datetime(2020, 1, 6, 9, tzinfo=UTC)
    row: JsonValue = {
        "uid": "past",
        "id": 500,
        "eventTypeId": subscribed.event_type.id,
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
        "attendee": {"name": "P", "email": "p@example.com"},
    }
    control(subscribed.simulator, "POST", "bookings", [row])
    marked = subscribed.client.mark_absent("past", attendee_email="p@example.com")
    assert [person.absent for person in marked.attendees] == [True]
    [event] = wait_for(receiver, 1)
    no_show = event.no_show()
    assert (event.trigger_event, no_show.booking_uid, no_show.booking_id) == (
        "BOOKING_NO_SHOW_UPDATED",
        "past",
        500,
    )
    assert [(who.email, who.no_show) for who in no_show.attendees] == [("p@example.com", True)]


def test_a_failing_receiver_is_tried_three_times_with_the_same_body(subscribed: Clinic, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    subscribed.book()
    wait_for(receiver, 3)
    assert len({body for _headers, body in receiver.received}) == 1
    eventually(lambda: states(subscribed.simulator) == [("delivered", 3)])


def test_a_refusing_receiver_is_not_tried_again(subscribed: Clinic, receiver: Receiver) -> None:
    receiver.statuses = [401]
    subscribed.book()
    eventually(lambda: states(subscribed.simulator) == [("failed", 1)])
    # A second try would wait for its time; flushing would send it now.
    assert control(subscribed.simulator, "POST", "flush") == {"posted": 0}
    assert len(receiver.received) == 1


def test_gone_switches_the_subscription_off(subscribed: Clinic, receiver: Receiver) -> None:
    receiver.statuses = [410]
    subscribed.book()
    eventually(lambda: not subscribed.client.list_org_webhooks()[0].active)
    subscribed.book(MONDAY_TEN + HALF_HOUR)
    assert states(subscribed.simulator) == [("failed", 1)]


def states(simulator: SimulatorProcess) -> list[tuple[object, object]]:
    state = control(simulator, "GET", "state")
    assert isinstance(state, dict)
    assert isinstance(state["deliveries"], list)
    return [(row["state"], row["attempts"]) for row in state["deliveries"] if isinstance(row, dict)]


def test_lost_webhooks_never_arrive(subscribed: Clinic, receiver: Receiver) -> None:
    faults(subscribed.simulator, loss=1)
    subscribed.book()
    control(subscribed.simulator, "POST", "flush")
    assert (receiver.received, states(subscribed.simulator)) == ([], [("lost", 0)])


def test_duplicates_are_the_same_bytes(subscribed: Clinic, receiver: Receiver) -> None:
    faults(subscribed.simulator, duplicate=1, delay_ms=600_000)
    subscribed.book()
    assert receiver.received == []
    assert control(subscribed.simulator, "POST", "flush") == {"posted": 2}
    assert receiver.received[0] == receiver.received[1]


def test_flush_sends_in_any_order(subscribed: Clinic, receiver: Receiver) -> None:
    faults(subscribed.simulator, delay_ms=600_000)
    made = [subscribed.book(MONDAY_TEN + n * HALF_HOUR).uid for n in range(4)]
    subscribed.client.cancel_booking(made[0])
    assert control(subscribed.simulator, "POST", "flush") == {"posted": 5}
    told = [WebhookEvent.read(body) for _headers, body in receiver.received]
    assert sorted(str(event.booking().uid) for event in told) == sorted([*made, made[0]])


def test_no_secret_is_said_so(clinic: Clinic, receiver: Receiver) -> None:
    clinic.client.create_org_webhook(url=receiver.url, secret="")
    clinic.book()
    wait_for(receiver, 1)
    headers, body = receiver.received[0]
    assert headers["X-Cal-Signature-256"] == "no-secret-provided"
    assert verify([SECRET], body, headers["X-Cal-Signature-256"]) is False


def test_one_address_is_subscribed_once(subscribed: Clinic, receiver: Receiver) -> None:
    with pytest.raises(CalcomRefused) as refusal:
        subscribed.client.create_org_webhook(url=receiver.url, secret=SECRET)
    assert refusal.value.is_conflict is True
    [hook] = subscribed.client.list_org_webhooks()
    assert (hook.subscriber_url, hook.triggers, hook.active) == (receiver.url, BOOKING_TRIGGERS, True)
    changed = subscribed.client.update_org_webhook(
        hook.id, url=receiver.url, secret="new", triggers=["BOOKING_CREATED"]
    )
    assert (changed.id, changed.triggers, changed.secret) == (hook.id, ("BOOKING_CREATED",), "new")


def test_a_host_who_asks_for_another_time_cancels_until_it_is_moved(subscribed: Clinic, receiver: Receiver) -> None:
    booking = subscribed.book()
    event: JsonValue = {"trigger": "REQUEST_RESCHEDULE", "uid": booking.uid, "reason": "Ill."}
    control(subscribed.simulator, "POST", "events", event)
    told = wait_for(receiver, 2)[1].booking()
    assert (told.status, told.request_reschedule) == ("cancelled", True)
    assert told.cancellation_reason == "Please reschedule. Ill."
    assert subscribed.client.get_booking(booking.uid).cancellation_reason == "Ill."
    with pytest.raises(CalcomRefused) as refusal:
        subscribed.client.reschedule_booking(booking.uid, start=MONDAY_TEN + HALF_HOUR)
    assert refusal.value.is_asked_to_move
    # The booker may, on the page that Cal.com gives them.
    start = (MONDAY_TEN + HALF_HOUR).isoformat()
    event = {"trigger": "BOOKER_MOVES", "uid": booking.uid, "start": start}
    control(subscribed.simulator, "POST", "events", event)
    [moved] = subscribed.client.list_org_bookings(BookingFilters(status=["upcoming"])).bookings
    assert (moved.status, moved.rescheduled_from_uid) == ("accepted", booking.uid)
    assert wait_for(receiver, 3)[2].booking().reschedule_uid == booking.uid


def test_meetings_are_told_flat(clinic: Clinic, receiver: Receiver) -> None:
    clinic.client.create_org_webhook(url=receiver.url, secret=SECRET, triggers=["MEETING_ENDED"])
    booking = clinic.book()
    control(clinic.simulator, "POST", "events", {"trigger": "MEETING_ENDED", "uid": booking.uid})
    [event] = wait_for(receiver, 1)
    assert (event.trigger_event, event.is_flat, event.created_at) == ("MEETING_ENDED", True, None)
    assert (event.booking().uid, event.booking().organizer_id) == (booking.uid, clinic.doctor.id)


def test_a_ping_names_no_booking(subscribed: Clinic, receiver: Receiver) -> None:
    control(subscribed.simulator, "POST", "events", {"trigger": "PING"})
    [event] = wait_for(receiver, 1)
    assert (event.trigger_event, event.booking().uid, event.booking().status) == ("PING", None, None)
