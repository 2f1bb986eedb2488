"""A hospital's day in figures, for the first page of its admin."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Min, Q, Value
from django.db.models.functions import TruncDate

from clinical.models import AiSession, Appointment, Prescription

if TYPE_CHECKING:
    from accounts.models import User


DAYS = 30
# Rows are counted, not keys: the index alone answers, and holds no key.
_ROW = Value(1)


@dataclass(frozen=True, slots=True)
class VisitCounts:
    """`booked` are still to come or going on; a visit to which nobody came counts as `no_show` alone.

    `total` are those that take place.
    """

    booked: int
    completed: int
    no_show: int
    cancelled: int

    @property
    def total(self) -> int:
        return self.booked + self.completed

    @property
    def not_held(self) -> int:
        return self.no_show + self.cancelled


@dataclass(frozen=True, slots=True)
class DoctorVisitCounts:
    doctor_id: uuid.UUID
    name: str
    visits: VisitCounts


@dataclass(frozen=True, slots=True)
class PrescriptionQueue:
    """As the pharmacists' own figures: `waiting` for a pharmacist, `with_pharmacist` taken up and not decided;
    `to_dispense` are approved and not handed out.
    """

    waiting: int
    with_pharmacist: int
    median_wait: dt.timedelta | None
    longest_wait: dt.timedelta | None
    to_dispense: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: dt.date
    visits: VisitCounts
    doctors: tuple[DoctorVisitCounts, ...]
    prescriptions: PrescriptionQueue


class Median(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def day_figures(user: User, *, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> DayFigures:
    """What the user may see of the day that `at` is in, in that zone. Two queries."""
    day = at.astimezone(zone).date()
    start = dt.datetime.combine(day, dt.time(), tzinfo=zone)
    doctors = _doctors(user, start=start, end=dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone))
    return DayFigures(day=day, visits=_total(doctors), doctors=doctors, prescriptions=_prescription_queue(user, at=at))


def _doctors(user: User, *, start: dt.datetime, end: dt.datetime) -> tuple[DoctorVisitCounts, ...]:
    came = Q(no_show=False)
    rows = (
        Appointment.objects.for_user(user)
        .between(start, end)
        .values("doctor_id", name=F("doctor__user__profile__full_name"))
        .annotate(
            booked=Count("pk", filter=came & Q(status=Appointment.Status.SCHEDULED)),
            completed=Count("pk", filter=came & Q(status=Appointment.Status.COMPLETED)),
            missed=Count("pk", filter=Q(no_show=True) & ~Q(status=Appointment.Status.CANCELLED)),
            cancelled=Count("pk", filter=Q(status=Appointment.Status.CANCELLED)),
        )
        .order_by("name", "doctor_id")
    )
    return tuple(
        DoctorVisitCounts(
            doctor_id=row["doctor_id"],
            name=row["name"] or "",
            visits=VisitCounts(row["booked"], row["completed"], row["missed"], row["cancelled"]),
        )
        for row in rows
    )


def _total(doctors: tuple[DoctorVisitCounts, ...]) -> VisitCounts:
    counts = [doctor.visits for doctor in doctors]
    return VisitCounts(
        booked=sum(c.booked for c in counts),
        completed=sum(c.completed for c in counts),
        no_show=sum(c.no_show for c in counts),
        cancelled=sum(c.cancelled for c in counts),
    )


def _prescription_queue(user: User, *, at: dt.datetime) -> PrescriptionQueue:
    pending = Q(status=Prescription.Status.PENDING)
    waiting = pending & Q(pharmacist__isnull=True)
    wait = ExpressionWrapper(Value(at) - F("created_at"), output_field=DurationField())
    # Both states, and no other, are what the partial index holds.
    figures = (
        Prescription.objects.for_user(user)
        .filter(status__in=[Prescription.Status.PENDING, Prescription.Status.APPROVED])
        .aggregate(
            waiting=Count("pk", filter=waiting),
            with_pharmacist=Count("pk", filter=pending & Q(pharmacist__isnull=False)),
            to_dispense=Count("pk", filter=Q(status=Prescription.Status.APPROVED)),
            median_wait=Median(wait, filter=waiting, output_field=DurationField()),
            oldest=Min("created_at", filter=waiting),
        )
    )
    oldest: dt.datetime | None = figures.pop("oldest")
    return PrescriptionQueue(**figures, longest_wait=at - oldest if oldest else None)


@dataclass(frozen=True, slots=True)
class DayOutcomes:
    """Visits of one day, each counted once: `kept` are booked or done."""

    day: dt.date
    kept: int = 0
    cancelled: int = 0
    no_show: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.cancelled + self.no_show


@dataclass(frozen=True, slots=True)
class TalkCounts:
    today: int
    month: int
    by_phone: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`days` are the last 30, today included; none is left out."""

    days: Sequence[DayOutcomes]
    talks: TalkCounts

    @property
    def total(self) -> DayOutcomes:
        return DayOutcomes(
            self.days[-1].day,
            sum(one.kept for one in self.days),
            sum(one.cancelled for one in self.days),
            sum(one.no_show for one in self.days),
        )


def month_figures(user: User, *, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> MonthFigures:
    """What the user may see of the 30 days that end with the one `at` is in, in that zone. Two queries."""
    today = at.astimezone(zone).date()
    days = [today - dt.timedelta(days=ago) for ago in reversed(range(DAYS))]
    start, midnight, end = (_midnight(day, zone) for day in (days[0], today, today + dt.timedelta(days=1)))
    found = _outcomes(user, start, end, zone)
    return MonthFigures([found.get(day, DayOutcomes(day)) for day in days], _talks(user, start, midnight, end))


def _outcomes(user: User, start: dt.datetime, end: dt.datetime, zone: zoneinfo.ZoneInfo) -> dict[dt.date, DayOutcomes]:
    cancelled = Q(status=Appointment.Status.CANCELLED)
    rows = (
        Appointment.objects.for_user(user)
        .between(start, end)
        .annotate(day=TruncDate("start_ts", tzinfo=zone))
        .values("day")
        .annotate(
            kept=Count(_ROW, filter=~cancelled & Q(no_show=False)),
            cancelled=Count(_ROW, filter=cancelled),
            no_shows=Count(_ROW, filter=~cancelled & Q(no_show=True)),
        )
        .order_by("day")
    )
    return {row["day"]: DayOutcomes(row["day"], row["kept"], row["cancelled"], row["no_shows"]) for row in rows}


def _talks(user: User, start: dt.datetime, midnight: dt.datetime, end: dt.datetime) -> TalkCounts:
    rows = AiSession.objects.for_user(user).filter(start_time__gte=start, start_time__lt=end)
    return TalkCounts(
        **rows.aggregate(
            today=Count("pk", filter=Q(start_time__gte=midnight)),
            month=Count("pk"),
            by_phone=Count("pk", filter=Q(source=AiSession.Source.PHONE_CALL)),
        )
    )


def _midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone)
