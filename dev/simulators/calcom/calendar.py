"""Whether a time can be booked, in the simulated world: hours, bookings, reservations and leave together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.records import EventType, Schedule
from dev.simulators.calcom.world import World

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST_MINUTE = time(23, 59)
HOST_TAKEN = "User either already has booking at this time or is not available"
HOSTS_TAKEN = "One of the hosts either already has booking at this time or is not available"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until just before `end`."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, *, before: timedelta, after: timedelta) -> Span:
        return Span(self.start - before, self.end + after)


def open_spans(schedule: Schedule, within: Span) -> list[Span]:
    """The schedule's hours that touch `within`, in order, joined where one begins as another ends."""
    zone = ZoneInfo(schedule.time_zone)
    first = within.start.astimezone(zone).date() - timedelta(days=1)
    last = within.end.astimezone(zone).date()
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    spans = (_on_clock(day, hours, zone) for day in days for hours in _hours(schedule, day))
    return [span for span in _joined(spans) if span.overlaps(within)]


def free_starts(
    open_hours: Iterable[Span],
    *,
    within: Span,
    length: timedelta,
    step: timedelta,
    busy: Sequence[Span],
    before: timedelta = timedelta(0),
    after: timedelta = timedelta(0),
    earliest: datetime,
) -> list[datetime]:
    """The starts at which a visit fits, counted in steps from the opening of each stretch of hours."""
    starts: list[datetime] = []
    for stretch in open_hours:
        start = stretch.start
        while start + length <= stretch.end:
            padded = Span(start, start + length).widened(before=before, after=after)
            in_range = within.start <= start < within.end and start >= earliest
            if in_range and not any(padded.overlaps(taken) for taken in busy):
                starts.append(start)
            start += step
    return starts


def _hours(schedule: Schedule, day: date) -> list[tuple[time, time]]:
    # Any override replaces the weekday's hours, also one that closes the day.
    replaced = [(entry.start, entry.end) for entry in schedule.overrides if entry.day == day]
    if replaced:
        return replaced
    name = DAY_NAMES[day.weekday()]
    return [(window.start, window.end) for window in schedule.windows if name in window.days]


def _on_clock(day: date, hours: tuple[time, time], zone: ZoneInfo) -> Span:
    start, end = hours
    opens = datetime.combine(day, start, zone)
    # 23:59 is the only way to say "until midnight".
    closes = (
        datetime.combine(day + timedelta(days=1), time(0), zone)
        if end == LAST_MINUTE
        else datetime.combine(day, end, zone)
    )
    return Span(opens.astimezone(UTC), closes.astimezone(UTC))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for span in sorted(span for span in spans if span.start < span.end):
        if current is not None and span.start <= current.end:
            current = Span(current.start, max(current.end, span.end))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current


def free_times(
    world: World, event_type: EventType, within: Span, *, length: timedelta, ignore_uid: str | None = None
) -> list[datetime]:
    """Starts that can be booked, in order: of all hosts together, or of any one for round robin."""
    step = timedelta(minutes=event_type.slot_interval_minutes or 0) or length
    before, after = _buffers(event_type)
    earliest = world.now() + timedelta(minutes=event_type.notice_minutes)
    by_host: list[set[datetime]] = []
    for host_id in event_type.host_ids:
        schedule = world.schedule_for(event_type, host_id)
        starts = free_starts(
            open_spans(schedule, within) if schedule is not None else [],
            within=within,
            length=length,
            step=step,
            busy=list(_busy(world, host_id, ignore_uid)),
            before=before,
            after=after,
            earliest=earliest,
        )
        by_host.append(set(starts))
    if not by_host:
        return []
    is_any = event_type.scheduling_type == "roundRobin"
    return sorted(set.union(*by_host) if is_any else set.intersection(*by_host))


def host_for(world: World, event_type: EventType, visit: Span, *, ignore_uid: str | None = None) -> int:
    """Who takes the visit. Raises: ApiError with Cal.com's words where nobody can."""
    now = world.now()
    if visit.start <= now:
        raise ApiError(400, "Attempting to book a meeting in the past.")
    if visit.start < now + timedelta(minutes=event_type.notice_minutes):
        raise ApiError(400, 'The event type can\'t be booked at the "start" time provided: it is out of bounds.')
    if not event_type.host_ids:
        raise ApiError(422, "There are no hosts for this event type.")
    free = [host for host in event_type.host_ids if _is_free(world, event_type, host, visit, ignore_uid)]
    if event_type.scheduling_type == "roundRobin":
        if not free:
            raise ApiError(400, HOSTS_TAKEN)
        return free[0]
    if len(free) < len(event_type.host_ids):
        raise ApiError(400, HOST_TAKEN if len(event_type.host_ids) == 1 else HOSTS_TAKEN)
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
