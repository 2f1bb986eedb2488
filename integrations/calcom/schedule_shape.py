"""What a schedule says, apart from how it is written: to keep, to compare, and to show beside ours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue, TypeAdapter

from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import Schedule

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED = ("00:00", "00:00")

Hours = tuple[tuple[str, str], ...]


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
