"""A doctor's hours and time off as the exact Cal.com schedule: pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter

from hospitals.hours.open_hours import LAST_MINUTE, Period, WeeklyWindow, bookable_windows, nights_through
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import Schedule, ScheduleOverride, ScheduleWindow

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Any time would do but 00:00: Cal.com takes that for the end of the evening before.
CLOSED = ("12:00", "12:00")
Hours = tuple[tuple[str, str], ...]
SCHEDULE_NAME = "Wardbook hours"
# Wall-clock minutes of one day; 1440 is midnight at its end.
_Minutes = tuple[int, int]
MIDNIGHT = 24 * 60
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """Hours by ISO weekday and by date (`YYYY-MM-DD`), sorted. A date with hours that never open is closed: ()."""

    zone: str
    week: Mapping[int, Hours]
    dates: Mapping[str, Hours]

    def since(self, day: dt.date) -> Shape:
        """Without the dates before `day`: they say nothing any more."""
        dates = {date: hours for date, hours in self.dates.items() if date >= day.isoformat()}
        return Shape(self.zone, self.week, dates)

    def json(self) -> JsonValue:
        return {
            "zone": self.zone,
            "week": {str(day): [list(one) for one in hours] for day, hours in self.week.items()},
            "dates": {date: [list(one) for one in hours] for date, hours in self.dates.items()},
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of both sides. `what` is a weekday's number, a date, or `zone`; None is "nothing said for this date"."""

    what: str
    ours: str | Hours | None
    theirs: str | Hours | None

    @property
    def kind(self) -> Literal["zone", "day", "date"]:
        return "zone" if self.what == "zone" else "day" if len(self.what) == 1 else "date"

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


def shape_of(schedule: ScheduleInput | Schedule) -> Shape:
    week: dict[int, list[tuple[str, str]]] = {}
    for window in schedule.availability:
        for day in window.days:
            if day in DAY_NAMES and window.start_time < window.end_time:
                week.setdefault(DAY_NAMES.index(day) + 1, []).append((window.start_time, window.end_time))
    dates: dict[str, list[tuple[str, str]]] = {}
    for one in schedule.overrides:
        dates.setdefault(one.date[:10], []).append((one.start_time, one.end_time))
    return Shape(
        zone=schedule.time_zone,
        week={day: _sorted(week[day]) for day in sorted(week)},
        dates={date: _sorted(dates[date]) for date in sorted(dates)},
    )


_STORED = TypeAdapter(Shape)


def shape_from_json(stored: object) -> Shape | None:
    """What `json()` gave, read again."""
    return None if stored is None else _STORED.validate_python(stored)


def both_sides(ours: Shape, theirs: Shape) -> Sequence[Difference]:
    """The zone, the seven days, then every date that either of them names."""
    days = [Difference(str(day), ours.week.get(day, ()), theirs.week.get(day, ())) for day in range(1, 8)]
    dates = sorted(set(ours.dates) | set(theirs.dates))
    return [
        Difference("zone", ours.zone, theirs.zone),
        *days,
        *(Difference(date, ours.dates.get(date), theirs.dates.get(date)) for date in dates),
    ]


def _sorted(hours: Sequence[tuple[str, str]]) -> Hours:
    return tuple(sorted({one for one in hours if one[0] < one[1]}))


def wanted_schedule(
    windows: Iterable[WeeklyWindow], time_off: Iterable[Period], *, zone: ZoneInfo, today: dt.date
) -> ScheduleInput:
    """The whole desired state: weekly hours, and the hours of each date from `today` that time off touches.

    Cal.com joins hours to midnight with those from midnight, and files them under the date on which they began; what
    is said for a date replaces what is filed under it. So with a date that time off touches every date is said that a
    night joins to it: then none of them depends on how Cal.com files them.
    """
    weekly = bookable_windows(windows)
    return ScheduleInput(
        time_zone=zone.key,
        availability=[
            ScheduleWindow(days=(DAY_NAMES[day - 1],), start_time=f"{opens:%H:%M}", end_time=f"{closes:%H:%M}")
            for day, opens, closes in weekly
        ],
        overrides=list(_overrides(weekly, sorted(time_off), zone, today)),
        name=SCHEDULE_NAME,
    )


def schedule_hash(schedule: ScheduleInput | Schedule) -> str:
    """Equal for schedules that mean the same, however Cal.com groups their days."""
    availability = sorted(
        (day, window.start_time, window.end_time) for window in schedule.availability for day in window.days
    )
    overrides = sorted((one.date[:10], one.start_time, one.end_time) for one in schedule.overrides)
    canonical = json.dumps([schedule.time_zone, availability, overrides])
    return hashlib.sha256(canonical.encode()).hexdigest()


def _overrides(
    weekly: list[WeeklyWindow], time_off: list[Period], zone: ZoneInfo, today: dt.date
) -> Iterator[ScheduleOverride]:
    by_day = _hours_by_day(weekly, time_off, zone, today)
    for day in sorted(by_day):
        evening_before = by_day.get(day - _DAY, [])[-1:]
        for start, end in _entries(by_day[day], runs_on=any(end == MIDNIGHT for _start, end in evening_before)):
            yield ScheduleOverride(date=day.isoformat(), start_time=start, end_time=end)


def _entries(hours: list[_Minutes], *, runs_on: bool) -> list[tuple[str, str]]:
    """A date's hours as Cal.com takes them. `runs_on`: the override of the evening before ends at midnight."""
    # Hours from midnight alone would go to the evening before, and the date would have its weekly hours again.
    is_taken_in = runs_on and len(hours) == 1 and hours[0][0] == 0
    entries = [(_clock(start), _clock(end)) for start, end in hours]
    return [*entries, CLOSED] if is_taken_in or not hours else entries


def _hours_by_day(
    weekly: list[WeeklyWindow], time_off: list[Period], zone: ZoneInfo, today: dt.date
) -> dict[dt.date, list[_Minutes]]:
    """What is open on the dates whose hours time off touches, and on those that a night joins to them."""
    off: dict[dt.date, list[_Minutes]] = {}
    for period in time_off:
        for day in _days(period, zone):
            off.setdefault(day, []).append(_part_of(period, day, zone))
    # An override on a day that is closed already is known to misbehave.
    touched = [day for day in off if day >= today and _hours_on(day, weekly) != _hours_on(day, weekly, off[day])]
    nights = nights_through(weekly)

    def runs_on(day: dt.date) -> bool:
        return day.isoweekday() in nights or _slips_back(day + _DAY, weekly, zone)

    days = {day for one in touched for day in _joined_to(one, runs_on) if day >= today}
    return {day: _hours_on(day, weekly, off.get(day, ())) for day in days}


def _joined_to(day: dt.date, runs_on: Callable[[dt.date], bool]) -> Iterator[dt.date]:
    """The date and all that nights without a break join to it; never more than a week, as not every night is one."""
    yield day
    before, after = day - _DAY, day
    while runs_on(before):
        yield before
        before -= _DAY
    while runs_on(after):
        after += _DAY
        yield after


def _slips_back(day: dt.date, weekly: list[WeeklyWindow], zone: ZoneInfo) -> bool:
    """Whether Cal.com begins the date's hours on the evening before: an hour early, where the clock goes forward."""
    midnights = [dt.datetime.combine(one, dt.time(), zone).utcoffset() or dt.timedelta() for one in (day, day + _DAY)]
    return midnights[0] < midnights[1] and any(start < 60 for start, _end in _hours_on(day, weekly))


def _hours_on(day: dt.date, weekly: list[WeeklyWindow], off: Iterable[_Minutes] = ()) -> list[_Minutes]:
    hours = [(_minute(opens), _minute(closes)) for weekday, opens, closes in weekly if weekday == day.isoweekday()]
    return [piece for window in hours for piece in _minus(window, off)]


def _days(period: Period, zone: ZoneInfo) -> list[dt.date]:
    first = period[0].astimezone(zone).date()
    last = (period[1].astimezone(zone) - dt.timedelta(microseconds=1)).date()
    return [first + n * _DAY for n in range((last - first).days + 1)]


def _part_of(period: Period, day: dt.date, zone: ZoneInfo) -> _Minutes:
    start, end = (moment.astimezone(zone) for moment in period)
    return (
        start.hour * 60 + start.minute if start.date() == day else 0,
        end.hour * 60 + end.minute if end.date() == day else MIDNIGHT,
    )


def _minus(window: _Minutes, off: Iterable[_Minutes]) -> list[_Minutes]:
    pieces = [window]
    for start, end in off:
        pieces = [piece for a, b in pieces for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return pieces


def _minute(time: dt.time) -> int:
    return MIDNIGHT if time >= LAST_MINUTE else time.hour * 60 + time.minute


def _clock(minute: int) -> str:
    return "23:59" if minute == MIDNIGHT else f"{minute // 60:02}:{minute % 60:02}"
