"""A week of a hospital: how many visits each doctor has on each day; and a week of one doctor, visit by visit."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Min, Q, QuerySet, Value
from django.db.models.functions import TruncDate

from clinical.models import Appointment
from clinical.visits.attention import overlap_starts, pairs
from clinical.visits.shown import VisitHeading, heading_of
from hospitals.models import Doctor, DoctorTimeOff

if TYPE_CHECKING:
    from accounts.models import User

DAYS = 7
MOST_DOCTORS = 100
# Of one doctor in a week.
MOST_VISITS = 400
MOST_OVERLAPS = 400


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a Monday, in a zone."""

    monday: dt.date
    zone: zoneinfo.ZoneInfo

    @property
    def days(self) -> list[dt.date]:
        return [self.monday + dt.timedelta(days=n) for n in range(DAYS)]

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.monday, dt.time(), tzinfo=self.zone)

    @property
    def end(self) -> dt.datetime:
        return dt.datetime.combine(self.next, dt.time(), tzinfo=self.zone)

    @property
    def previous(self) -> dt.date:
        return self.monday - dt.timedelta(days=DAYS)

    @property
    def next(self) -> dt.date:
        return self.monday + dt.timedelta(days=DAYS)

    @property
    def last(self) -> dt.date:
        return self.days[-1]


@dataclass(slots=True)
class Cell:
    """`visits` are those that are not cancelled."""

    day: dt.date
    visits: int = 0
    cancelled: int = 0
    overlaps: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class DoctorRow:
    doctor: Doctor
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class HospitalWeek:
    rows: Sequence[DoctorRow]
    has_more: bool


@dataclass(slots=True)
class VisitsOfDay:
    day: dt.date
    visits: list[VisitHeading] = field(default_factory=list)
    time_off: list[DoctorTimeOff] = field(default_factory=list)


def week_of(day: dt.date, zone: zoneinfo.ZoneInfo) -> Week:
    return Week(day - dt.timedelta(days=day.weekday()), zone)


def hospital_week(user: User, week: Week) -> HospitalWeek:
    """Active doctors, and whoever has visits in the week. Four queries, however many visits."""
    visits = Appointment.objects.for_user(user).between(week.start, week.end)
    counted = _counted(visits, week)
    overlaps = Counter((row[0], row[1].astimezone(week.zone).date()) for row in overlap_starts(visits)[:MOST_OVERLAPS])
    wanted = Q(pk__in={doctor for doctor, _day in counted}) | Q(user__is_active=True)
    found = Doctor.objects.for_user(user).with_names().filter(wanted).order_by("user__profile__full_name", "pk")
    doctors = list(found[: MOST_DOCTORS + 1])
    off = _days_off(_time_off(doctors, week), week)
    rows = []
    for doctor in doctors[:MOST_DOCTORS]:
        cells = [counted.get((doctor.pk, day)) or Cell(day) for day in week.days]
        for cell in cells:
            cell.overlaps, cell.is_off = overlaps[doctor.pk, cell.day], (doctor.pk, cell.day) in off
        rows.append(DoctorRow(doctor, cells))
    return HospitalWeek(rows, has_more=len(doctors) > MOST_DOCTORS)


def visits_by_day(user: User, doctor: Doctor, week: Week, *, at: dt.datetime) -> list[VisitsOfDay]:
    """Visits in order of their start; a visit that begins before an earlier one has ended is `is_overlapping`."""
    rows = Appointment.objects.for_user(user).between(week.start, week.end).filter(doctor_id=doctor.pk)
    visits = list(rows.with_people().order_by("start_ts", "pk")[:MOST_VISITS])
    overlapping = {later.pk for later, _before in pairs(one for one in visits if one.is_taking_place)}
    days = {day: VisitsOfDay(day) for day in week.days}
    for visit in visits:
        visit.is_overlapping = visit.pk in overlapping
        days[visit.start_ts.astimezone(week.zone).date()].visits.append(heading_of(visit, at=at))
    for off in _time_off([doctor], week):
        for day in _days_of(off, week):
            days[day].time_off.append(off)
    return list(days.values())


def _counted(visits: QuerySet[Any], week: Week) -> dict[tuple[uuid.UUID, dt.date], Cell]:
    stays = ~Q(status=Appointment.Status.CANCELLED)
    rows = (
        visits.annotate(day=TruncDate("start_ts", tzinfo=week.zone))
        .values("doctor_id", "day")
        .annotate(
            visits=Count(Value(1), filter=stays),
            cancelled=Count(Value(1), filter=~stays),
            first=Min("start_ts", filter=stays),
            last=Max("end_ts", filter=stays),
        )
        .order_by("doctor_id", "day")
    )
    return {(row.pop("doctor_id"), row["day"]): Cell(**row) for row in rows}


def _time_off(doctors: Iterable[Doctor], week: Week) -> list[DoctorTimeOff]:
    ids = [doctor.pk for doctor in doctors]
    rows = DoctorTimeOff.objects.filter(doctor__in=ids, ends_at__gt=week.start, starts_at__lt=week.end)
    return list(rows.order_by("starts_at", "pk"))


def _days_off(time_off: Iterable[DoctorTimeOff], week: Week) -> set[tuple[uuid.UUID, dt.date]]:
    return {(off.doctor_id, day) for off in time_off for day in _days_of(off, week)}


def _days_of(off: DoctorTimeOff, week: Week) -> list[dt.date]:
    first = off.starts_at.astimezone(week.zone).date()
    # It ends at the midnight after its last day.
    last = (off.ends_at - dt.timedelta(microseconds=1)).astimezone(week.zone).date()
    return [day for day in week.days if first <= day <= last]
