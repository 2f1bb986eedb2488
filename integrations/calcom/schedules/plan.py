"""A doctor's hours and time off as the exact Cal.com schedule: pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter

from hospitals.hours.open_hours import LAST_MINUTE, Period, WeeklyWindow
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import Schedule, ScheduleOverride, ScheduleWindow

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED = ("00:00", "00:00")
Hours = tuple[tuple[str, str], ...]
SCHEDULE_NAME = "Wardbook hours"
# Wall-clock minutes of one day; 1440 is midnight at its end.
_Minutes = tuple[int, int]
MIDNIGHT = 24 * 60


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
    """The whole desired state: weekly hours, and for each date from `today` with time off what is left of them.

    Cal.com lets the entries of a date replace the weekday's hours; 00:00 to 00:00 closes the date.
    """
    weekly = sorted(windows)
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
    for day in sorted({day for period in time_off for day in _days(period, zone) if day >= today}):
        hours = [(_minute(a), _minute(b)) for weekday, a, b in weekly if weekday == day.isoweekday()]
        if not hours:
            continue  # closed already; an override on an off day is known to misbehave
        off = [_part_of(period, day, zone) for period in time_off if day in _days(period, zone)]
        left = [piece for window in hours for piece in _minus(window, off)]
        if left == hours:
            continue
        for start, end in [(_clock(a), _clock(b)) for a, b in left] or [CLOSED]:
            yield ScheduleOverride(date=day.isoformat(), start_time=start, end_time=end)


def _days(period: Period, zone: ZoneInfo) -> list[dt.date]:
    first = period[0].astimezone(zone).date()
    last = (period[1].astimezone(zone) - dt.timedelta(microseconds=1)).date()
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _part_of(period: Period, day: dt.date, zone: ZoneInfo) -> _Minutes:
    start, end = (moment.astimezone(zone) for moment in period)
    return (
        start.hour * 60 + start.minute if start.date() == day else 0,
        end.hour * 60 + end.minute if end.date() == day else MIDNIGHT,
    )


def _minus(window: _Minutes, off: list[_Minutes]) -> list[_Minutes]:
    pieces = [window]
    for start, end in off:
        pieces = [piece for a, b in pieces for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return pieces


def _minute(time: dt.time) -> int:
    return MIDNIGHT if time >= LAST_MINUTE else time.hour * 60 + time.minute


def _clock(minute: int) -> str:
    return "23:59" if minute == MIDNIGHT else f"{minute // 60:02}:{minute % 60:02}"
