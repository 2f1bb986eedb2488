"""Whether a time can be booked, in the simulated world: hours, bookings, reservations and leave together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.hours import MINUTE, Span, joined, open_spans
from dev.simulators.calcom.records import EventType
from dev.simulators.calcom.world import World

HOST_TAKEN = "User either already has booking at this time or is not available"
HOSTS_TAKEN = "One of the hosts either already has booking at this time or is not available"
# Starts are at multiples of the largest of these that divides the step between them.
INTERVALS = (60, 30, 20, 15, 10, 5)
OUT_OF_BOUNDS = (
    "The event type can't be booked at the \"start\" time provided. This could be because it's too soon (violating the"
    " minimum booking notice) or too far in the future (outside the event's scheduling window)."
)


def without(stretches: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the stretches, in order."""
    left = list(stretches)
    for gone in taken:
        parts = [
            part
            for one in left
            for part in (Span(one.start, min(one.end, gone.start)), Span(max(one.start, gone.end), one.end))
        ]
        left = [part for part in parts if part.start < part.end]
    return sorted(set(left))


def starts_in(
    stretches: Iterable[Span],
    *,
    length: timedelta,
    step: timedelta,
    zone: ZoneInfo,
    earliest: datetime,
    is_optimized: bool = False,
) -> list[datetime]:
    """The starts at which a visit fits into one of the stretches, counted in steps from its first.

    The first is the stretch's own beginning, or `earliest`, rounded up on the clock of `zone`.
    """
    starts: list[datetime] = []
    for stretch in sorted(stretches):
        start = _first_start(Span(_whole_minute(max(stretch.start, earliest)), stretch.end), step, zone, is_optimized)
        if starts:
            start = max(start, starts[-1] + step)
        while start + length <= stretch.end:
            starts.append(start)
            start += step
    return starts


def _first_start(stretch: Span, step: timedelta, zone: ZoneInfo, is_optimized: bool) -> datetime:
    minutes = step // MINUTE
    interval = next((one for one in INTERVALS if minutes % one == 0), 1)
    minute = stretch.start.astimezone(zone).minute
    if minute % interval == 0:
        return stretch.start
    to_next = [one - minute % one for one in (interval, 15, 5)]
    if not is_optimized:
        return stretch.start + to_next[0] * MINUTE
    # Only what no visit fits into anyway is given away for a rounder time.
    to_spare = (stretch.end - stretch.start) // MINUTE % interval
    return stretch.start + next((one for one in to_next if one <= to_spare), 0) * MINUTE


def _whole_minute(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + MINUTE


def free_times(
    world: World,
    event_type: EventType,
    within: Span,
    *,
    length: timedelta,
    zone: ZoneInfo,
    ignore_uid: str | None = None,
) -> list[datetime]:
    """Starts that can be booked, in order: when all hosts are free, or for round robin any one."""
    by_host = [_free_stretches(world, event_type, host, within, ignore_uid) for host in event_type.host_ids]
    if not by_host:
        return []
    is_any = event_type.scheduling_type == "roundRobin"
    stretches = joined(span for spans in by_host for span in spans) if is_any else reduce(_common, by_host)
    return starts_in(
        stretches,
        length=length,
        step=timedelta(minutes=event_type.slot_interval_minutes or 0) or length,
        zone=zone,
        earliest=world.now() + timedelta(minutes=event_type.notice_minutes),
        is_optimized=event_type.shows_optimized_slots,
    )


def _free_stretches(
    world: World, event_type: EventType, host_id: int, within: Span, ignore_uid: str | None
) -> list[Span]:
    schedule = world.schedule_for(event_type, host_id)
    if schedule is None:
        return []
    before, after = _buffers(event_type)
    # The visit's own buffers count against what is taken, not against the hours.
    taken = (span.widened(before=after, after=before) for span in _busy(world, host_id, ignore_uid))
    return without(open_spans(schedule, within), taken)


def _common(one: list[Span], other: list[Span]) -> list[Span]:
    return list(joined(a.within(b) for a in one for b in other))


def host_for(world: World, event_type: EventType, visit: Span, *, ignore_uid: str | None = None) -> int:
    """Who takes the visit. Raises: ApiError with Cal.com's words where nobody can."""
    now = world.now()
    if visit.start <= now:
        raise ApiError(400, "Attempting to book a meeting in the past.")
    if visit.start < now + timedelta(minutes=event_type.notice_minutes):
        raise ApiError(400, OUT_OF_BOUNDS)
    if not event_type.host_ids:
        raise ApiError(422, "There are no hosts for this event type.")
    free = [host for host in event_type.host_ids if _is_free(world, event_type, host, visit, ignore_uid)]
    if event_type.scheduling_type == "roundRobin":
        if not free:
            raise ApiError(400, HOSTS_TAKEN)
        return free[0]
    if len(free) < len(event_type.host_ids):
        # A move is checked before the hosts are looked for, a new booking of a team's event type after.
        raise ApiError(400, HOSTS_TAKEN if ignore_uid is None else HOST_TAKEN)
    return event_type.host_ids[0]


def _is_free(world: World, event_type: EventType, host_id: int, visit: Span, ignore_uid: str | None) -> bool:
    schedule = world.schedule_for(event_type, host_id)
    if schedule is None or not any(span.covers(visit) for span in open_spans(schedule, visit)):
        return False
    before, after = _buffers(event_type)
    padded = visit.widened(before=before, after=after)
    return not any(padded.overlaps(taken) for taken in _busy(world, host_id, ignore_uid))


def _busy(world: World, host_id: int, ignore_uid: str | None) -> Iterator[Span]:
    for booking in world.bookings.values():
        if booking.host_id != host_id or booking.uid == ignore_uid:
            continue
        event_type = world.event_types[booking.event_type_id]
        if booking.status == "accepted" or (booking.status == "pending" and event_type.pending_blocks):
            before, after = _buffers(event_type)
            yield Span(booking.start, booking.end).widened(before=before, after=after)
    for entry in world.time_off.values():
        if entry.user_id == host_id:
            yield Span(entry.start, entry.end)
    now = world.now()
    for held in world.reservations.values():
        if held.until > now and host_id in world.event_types[held.event_type_id].host_ids:
            yield Span(held.start, held.end)


def _buffers(event_type: EventType) -> tuple[timedelta, timedelta]:
    return (
        timedelta(minutes=event_type.before_buffer_minutes),
        timedelta(minutes=event_type.after_buffer_minutes),
    )
