"""When doctors are away: holidays of the house, a holiday of their own, a training; and one that came too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dev.demo.holidays import holiday
from dev.demo.people import House, Member
from hospitals.models import DoctorTimeOff

_DAY = dt.timedelta(days=1)
WEEKS_BACK, WEEKS_AHEAD = 8, 5
EMERGENCIES = ("Emergency medicine", "Urgent care")
# The doctor at this place is away on a day that has been booked already.
LATE_ABSENCE = 2


@dataclass(frozen=True, slots=True)
class Absence:
    """A doctor's time off, in UTC. `came_late`: visits had been booked into it."""

    doctor: Member
    start: dt.datetime
    end: dt.datetime
    reason: str
    entered_at: dt.datetime
    is_whole_days: bool = True
    came_late: bool = False

    def row(self, *, by: Member) -> DoctorTimeOff:
        row = DoctorTimeOff(
            doctor_id=self.doctor.id,
            starts_at=self.start,
            ends_at=self.end,
            is_whole_days=self.is_whole_days,
            reason=self.reason,
            created_by_id=by.id,
        )
        row.created_at = self.entered_at
        return row


def absences_of(house: House, *, at: dt.datetime) -> list[Absence]:
    today = at.astimezone(house.zone).date()
    return [
        *_closed_days(house, today, at),
        _whole_days(house, house.doctors[4], today + 21 * _DAY, 5, "Annual leave", at - 60 * _DAY),
        _whole_days(house, house.doctors[3], today - 30 * _DAY, 5, "Annual leave", at - 90 * _DAY),
        _training(house, today, at),
        _late(house, today, at),
    ]


def _closed_days(house: House, today: dt.date, at: dt.datetime) -> Iterator[Absence]:
    """On public holidays the house is open for emergencies."""
    for days in range(-WEEKS_BACK * 7, WEEKS_AHEAD * 7 + 1):
        day = today + days * _DAY
        if name := holiday(day, house.zone.key):
            for doctor in house.doctors:
                if doctor.specialty not in EMERGENCIES:
                    yield _whole_days(house, doctor, day, 1, name, at - 120 * _DAY)


def _training(house: House, today: dt.date, at: dt.datetime) -> Absence:
    """An afternoon of the shown doctor's, known long before."""
    day = next(day for day in _days_from(today + 9 * _DAY) if _is_working_day(house, house.doctors[0], day))
    start, end = (dt.datetime.combine(day, dt.time(hour), house.zone) for hour in (13, 17))
    return Absence(house.doctors[0], _utc(start), _utc(end), "Training", at - 40 * _DAY, is_whole_days=False)


def _late(house: House, today: dt.date, at: dt.datetime) -> Absence:
    doctor = house.doctors[LATE_ABSENCE]
    day = next(day for day in _days_from(today + 2 * _DAY) if _is_working_day(house, doctor, day))
    start, end = (_utc(dt.datetime.combine(day + days * _DAY, dt.time(), house.zone)) for days in (0, 1))
    return Absence(doctor, start, end, "Court date", at - dt.timedelta(hours=5), came_late=True)


def _whole_days(
    house: House, doctor: Member, first: dt.date, days: int, reason: str, entered_at: dt.datetime
) -> Absence:
    start, end = (_utc(dt.datetime.combine(day, dt.time(), house.zone)) for day in (first, first + days * _DAY))
    return Absence(doctor, start, end, reason, entered_at)


def _days_from(day: dt.date) -> Iterator[dt.date]:
    while True:
        yield day
        day += _DAY


def _is_working_day(house: House, doctor: Member, day: dt.date) -> bool:
    if day.isoweekday() > 5 or holiday(day, house.zone.key):
        return False
    return any(window.day == day.isoweekday() and window.end > dt.time(13) for window in doctor.windows)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)
