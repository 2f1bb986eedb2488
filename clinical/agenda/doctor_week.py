"""A doctor's week as the dashboard shows it: three queries, however many visits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from clinical.agenda import timeline
from clinical.agenda.timeline import Span
from clinical.models import Appointment
from clinical.visits.shown import VisitHeading, VisitState, heading_of
from hospitals.models import DoctorAvailability, DoctorTimeOff

MOST_VISITS = 700
DAYS = 7
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a day. `kind` is visit, free or off; a visit has its heading, time off its note."""

    kind: str
    span: Span
    note: str = ""
    heading: VisitHeading | None = None

    @property
    def starts(self) -> dt.time:
        return timeline.clock(self.span.start)

    @property
    def ends(self) -> dt.time:
        return timeline.clock(self.span.end)

    @property
    def is_expected(self) -> bool:
        """Whether it is a visit that was not cancelled."""
        return self.heading is not None and self.heading.state != VisitState.CANCELLED

    @property
    def is_whole_day(self) -> bool:
        return self.span.minutes >= timeline.END_OF_DAY


@dataclass(frozen=True, slots=True)
class WeekDay:
    date: dt.date
    items: Sequence[Item]
    has_hours: bool

    @property
    def expected(self) -> int:
        return sum(1 for one in self.items if one.is_expected)


@dataclass(frozen=True, slots=True)
class DoctorWeek:
    """`first` is a Monday."""

    first: dt.date
    zone: zoneinfo.ZoneInfo
    days: Sequence[WeekDay]

    @property
    def last(self) -> dt.date:
        return self.first + (DAYS - 1) * ONE_DAY

    @property
    def visits(self) -> int:
        return sum(day.expected for day in self.days)

    @property
    def is_empty(self) -> bool:
        return not any(day.items or day.has_hours for day in self.days)


def monday_of(date: dt.date) -> dt.date:
    return date - (date.isoweekday() - 1) * ONE_DAY


def doctor_week(*, user: User, date: dt.date, at: dt.datetime) -> DoctorWeek:
    """The week of this date."""
    zone, first = user.hospital_zone(), monday_of(date)
    start = dt.datetime.combine(first, dt.time(), zone)
    end = dt.datetime.combine(first + DAYS * ONE_DAY, dt.time(), zone)
    visits = list(
        Appointment.objects.for_user(user)
        .between(start, end)
        .select_related("patient__user__profile")
        .defer("cal_raw_payload")
        .order_by("start_ts", "pk")[:MOST_VISITS]
    )
    windows = list(
        DoctorAvailability.objects.filter(doctor=user.pk).values_list("day_of_week", "start_time", "end_time")
    )
    off = list(
        DoctorTimeOff.objects.filter(doctor=user.pk, starts_at__lt=end, ends_at__gt=start)
        .order_by("starts_at", "pk")
        .values_list("starts_at", "ends_at", "reason")
    )
    visit_minutes = user.hospital.visit_length_minutes if user.hospital else 0
    days = [
        _day(
            day,
            [_visit(row, day, zone, at) for row in visits if row.start_ts.astimezone(zone).date() == day],
            [timeline.window_span(*times) for weekday, *times in windows if weekday == day.isoweekday()],
            [_off(one, day, zone) for one in off if _touches(one, day, zone)],
            visit_minutes,
        )
        for day in (first + number * ONE_DAY for number in range(DAYS))
    ]
    return DoctorWeek(first=first, zone=zone, days=days)


def _day(
    day: dt.date, visits: Sequence[Item], hours: Sequence[Span], off: Sequence[Item], visit_minutes: int
) -> WeekDay:
    taken = [one.span for one in visits if one.is_expected]
    free = timeline.gaps(timeline.without(hours, [one.span for one in off]), taken, at_least=visit_minutes)
    items = [*visits, *off, *(Item("free", span) for span in free)]
    return WeekDay(day, sorted(items, key=lambda one: (one.span, one.kind)), has_hours=bool(hours))


def _visit(row: Appointment, day: dt.date, zone: zoneinfo.ZoneInfo, at: dt.datetime) -> Item:
    span = timeline.span_of(row.start_ts, row.end_ts, day=day, zone=zone)
    return Item("visit", span, heading=heading_of(row, at=at))


def _off(row: tuple[dt.datetime, dt.datetime, str], day: dt.date, zone: zoneinfo.ZoneInfo) -> Item:
    starts, ends, reason = row
    return Item("off", timeline.span_of(starts, ends, day=day, zone=zone), note=reason)


def _touches(row: tuple[dt.datetime, dt.datetime, str], day: dt.date, zone: zoneinfo.ZoneInfo) -> bool:
    midnight = dt.datetime.combine(day, dt.time(), zone)
    return row[0] < midnight + ONE_DAY and row[1] > midnight
