"""Simulated operations on event types, slots and bookings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pydantic import JsonValue

from dev.simulators.calcom import outputs
from dev.simulators.calcom.bookings import give_seat_back, move_all_seats, move_seat, take_seat
from dev.simulators.calcom.calendar import free_times, host_for
from dev.simulators.calcom.calls import (
    BOOKINGS_VERSION,
    EVENT_TYPES_VERSION,
    SLOTS_VERSION,
    Call,
    Reply,
    Route,
    page_numbers,
    pagination,
    select_bookings,
)
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.hours import Span
from dev.simulators.calcom.inputs import (
    AbsentBody,
    BookingBody,
    CancelBody,
    DeclineBody,
    EventTypeBody,
    RescheduleBody,
    ReservationBody,
)
from dev.simulators.calcom.people import hosts_of_team
from dev.simulators.calcom.records import EventType, Reservation


def list_event_types(call: Call) -> Reply:
    rows = [row for row in call.world.event_types.values() if call.is_signed or not row.hidden]
    return Reply([outputs.event_type(call.world, row) for row in rows])


def list_team_event_types(call: Call) -> Reply:
    team = call.world.team(call.number("team_id"))
    slug = call.query.get("eventSlug")
    rows = [row for row in call.world.event_types.values() if row.team_id == team.id]
    return Reply([outputs.event_type(call.world, row) for row in rows if slug in {None, row.slug}])


def create_team_event_type(call: Call) -> Reply:
    world, body = call.world, call.input(EventTypeBody)
    team = world.team(call.number("team_id"))
    if any(row.team_id == team.id and row.slug == body.slug for row in world.event_types.values()):
        raise ApiError(400, "Team event type with this slug already exists")
    policy = body.confirmation_policy
    kind = EventType(
        id=world.store.next_id("event_type"),
        team_id=team.id,
        title=body.title,
        slug=body.slug,
        length_minutes=body.length_in_minutes,
        scheduling_type=body.scheduling_type,
        host_ids=hosts_of_team(world, team, body.hosts),
        schedule_id=body.schedule_id,
        slot_interval_minutes=body.slot_interval,
        before_buffer_minutes=body.before_event_buffer,
        after_buffer_minutes=body.after_event_buffer,
        notice_minutes=body.minimum_booking_notice,
        needs_confirmation=bool(policy.type) and not policy.disabled,
        pending_blocks=policy.block_unconfirmed_bookings_in_booker,
        seats=None if body.seats.disabled else body.seats.seats_per_time_slot,
        recurs_every_weeks=None if body.recurrence.disabled else body.recurrence.interval,
        booking_fields=body.booking_fields,
        hidden=body.hidden,
        shows_optimized_slots=body.show_optimized_slots,
    )
    world.event_types[kind.id] = kind
    world.save(kind)
    return Reply(outputs.event_type(world, kind))


def list_slots(call: Call) -> Reply:
    query = call.query
    number = query.get("eventTypeId", "")
    if not number.isdigit():
        raise ApiError(400, "The simulator answers slots by eventTypeId only.")
    kind = call.world.event_type(int(number))
    if kind.scheduling_type == "managed":
        raise ApiError(400, "This is a parent managed event type that can't be booked.")
    zone = _zone(query.get("timeZone", "UTC"))
    minutes = query.get("duration", "")
    length = timedelta(minutes=int(minutes) if minutes.isdigit() else kind.length_minutes)
    within = Span(_moment(query, "start"), _moment(query, "end", ends_day=True))
    ignored = query.get("bookingUidToReschedule")
    starts = free_times(call.world, kind, within, length=length, zone=zone, ignore_uid=ignored)
    return Reply(_by_day(starts, length, zone, has_end=query.get("format") == "range"))


def _by_day(starts: list[datetime], length: timedelta, zone: ZoneInfo, *, has_end: bool) -> JsonValue:
    days: dict[str, JsonValue] = {}
    for start in starts:
        local = start.astimezone(zone)
        slot: dict[str, JsonValue] = {"start": local.isoformat(timespec="milliseconds")}
        if has_end:
            slot["end"] = (start + length).astimezone(zone).isoformat(timespec="milliseconds")
        slots = days.setdefault(local.date().isoformat(), [])
        assert isinstance(slots, list)
        slots.append(slot)
    return days


def reserve_slot(call: Call) -> Reply:
    world, body = call.world, call.input(ReservationBody)
    kind = world.event_type(body.event_type_id)
    length = body.slot_duration or kind.length_minutes
    visit = Span(body.slot_start, body.slot_start + timedelta(minutes=length))
    host_for(world, kind, visit)
    number = world.store.next_id("reservation")
    held = Reservation(
        uid=f"reservation-{world.new_uid(-number)}",
        event_type_id=kind.id,
        start=visit.start,
        end=visit.end,
        until=world.now() + timedelta(minutes=body.reservation_duration),
    )
    world.reservations[held.uid] = held
    world.save(held)
    data: outputs.Json = {
        "eventTypeId": kind.id,
        "slotStart": outputs.iso(held.start),
        "slotEnd": outputs.iso(held.end),
        "slotDuration": length,
        "reservationUid": held.uid,
        "reservationDuration": body.reservation_duration,
        "reservationUntil": outputs.iso(held.until),
    }
    return Reply(data)


def release_slot(call: Call) -> Reply:
    if call.world.reservations.pop(call.text("uid"), None) is not None:
        call.world.store.remove(Reservation, [call.text("uid")])
    return Reply(has_data=False)


def create_booking(call: Call) -> Reply:
    """A series is answered as a list."""
    body = call.input(BookingBody)
    kind = call.world.event_type(body.event_type_id)
    if kind.seats:
        return Reply(outputs.booking(call.world, take_seat(call.bookings, kind, body)))
    rows = [outputs.booking(call.world, row) for row in call.bookings.create(body)]
    return Reply(list(rows) if body.recurrence_count else rows[0])


def get_booking(call: Call) -> Reply:
    """Of a series' own uid all its bookings."""
    if series := call.world.series(call.text("uid")):
        return Reply([outputs.booking(call.world, row) for row in series])
    return Reply(outputs.booking(call.world, call.world.booking(call.text("uid"))))


def list_bookings(call: Call) -> Reply:
    take, skip = page_numbers(call.query, default=100, highest=250)
    rows, counted = select_bookings(call.world, call.query)
    shown: list[JsonValue] = [outputs.booking(call.world, row) for row in rows[skip : skip + take]]
    return Reply(shown, {"pagination": pagination(counted, take, skip)})


def list_user_bookings(call: Call) -> Reply:
    query = {**call.query, "userIds": str(call.world.user(call.number("user_id")).id)}
    narrowed = Call(call.world, call.bookings, call.ids, query, call.body, call.is_signed)
    return list_bookings(narrowed)


def cancel_booking(call: Call) -> Reply:
    body, uid, by = call.input(CancelBody), call.text("uid"), call.caller_email
    if body.seat_uid:
        booking = give_seat_back(call.bookings, uid, body.seat_uid, body.cancellation_reason, by=by)
    else:
        later = body.cancel_subsequent_bookings
        booking = call.bookings.cancel(uid, body.cancellation_reason, by=by, with_later=later)
    return Reply(outputs.booking(call.world, booking))


def reschedule_booking(call: Call) -> Reply:
    body, uid = call.input(RescheduleBody), call.text("uid")
    kind = call.world.event_type(call.world.booking(uid).event_type_id)
    if body.seat_uid:
        booking = move_seat(call.bookings, uid, body.seat_uid, body)
    elif kind.seats:
        booking = move_all_seats(call.bookings, uid, body)
    else:
        booking = call.bookings.reschedule(uid, body)
    return Reply(outputs.booking(call.world, booking))


def confirm_booking(call: Call) -> Reply:
    return Reply(outputs.booking(call.world, call.bookings.confirm(call.text("uid"))))


def decline_booking(call: Call) -> Reply:
    booking = call.bookings.decline(call.text("uid"), call.input(DeclineBody).reason)
    return Reply(outputs.booking(call.world, booking))


def mark_absent(call: Call) -> Reply:
    booking = call.bookings.mark_absent(call.text("uid"), call.input(AbsentBody))
    return Reply(outputs.booking(call.world, booking))


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise ApiError(400, "Invalid time zone")
    return ZoneInfo(name)


def _moment(query: Mapping[str, str], name: str, *, ends_day: bool = False) -> datetime:
    text = query.get(name, "")
    try:
        if len(text) == len("2026-01-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1) if ends_day else day
        at = datetime.fromisoformat(text)
    except ValueError:
        error: JsonValue = {"property": name, "constraints": {"isISO8601": f"{name} must be ISO 8601"}}
        raise ApiError(400, "Bad Request Exception", errors=[error]) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


ORG = "/v2/organizations/<int:org_id>"
TEAM_TYPES = f"{ORG}/teams/<int:team_id>/event-types"
BOOKING = "/v2/bookings/<uid>"

ROUTES = [
    Route("GET", "/v2/event-types", list_event_types, 200, EVENT_TYPES_VERSION, "optional"),
    Route("GET", TEAM_TYPES, list_team_event_types),
    Route("POST", TEAM_TYPES, create_team_event_type, 201),
    Route("GET", "/v2/slots", list_slots, 200, SLOTS_VERSION, "optional"),
    Route("POST", "/v2/slots/reservations", reserve_slot, 201, SLOTS_VERSION, "optional"),
    Route("DELETE", "/v2/slots/reservations/<uid>", release_slot, 200, SLOTS_VERSION, "optional"),
    Route("POST", "/v2/bookings", create_booking, 201, BOOKINGS_VERSION, "optional"),
    Route("GET", "/v2/bookings", list_bookings, 200, BOOKINGS_VERSION),
    Route("GET", BOOKING, get_booking, 200, BOOKINGS_VERSION, "optional"),
    Route("POST", f"{BOOKING}/cancel", cancel_booking, 200, BOOKINGS_VERSION, "optional"),
    Route("POST", f"{BOOKING}/reschedule", reschedule_booking, 201, BOOKINGS_VERSION, "optional"),
    Route("POST", f"{BOOKING}/confirm", confirm_booking, 200, BOOKINGS_VERSION),
    Route("POST", f"{BOOKING}/decline", decline_booking, 200, BOOKINGS_VERSION),
    Route("POST", f"{BOOKING}/mark-absent", mark_absent, 200, BOOKINGS_VERSION),
    Route("GET", f"{ORG}/bookings", list_bookings),
    Route("GET", f"{ORG}/users/<int:user_id>/bookings", list_user_bookings),
]
