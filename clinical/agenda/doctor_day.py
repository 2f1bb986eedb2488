"""A doctor's day as the dashboard shows it: five queries, however many visits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.people.names import short_age
from clinical.agenda import timeline
from clinical.agenda.timeline import Frame, Place, Span
from clinical.models import AiSession, Appointment, Prescription, PrescriptionMessage
from clinical.prescriptions.follow_up import unsettled_prescriptions
from clinical.prescriptions.states import OPEN
from clinical.visits.shown import VisitHeading, VisitState, booking_reason, heading_of
from hospitals.models import DoctorAvailability, DoctorTimeOff

MOST_VISITS = 200
MOST_QUESTIONS = 10
MOST_UNSETTLED = 20


@dataclass(frozen=True, slots=True)
class DayVisit:
    """`age` is empty where it is not certain who comes. `awaits_outcome`: it has begun, and nothing was noted yet."""

    heading: VisitHeading
    starts: dt.datetime
    ends: dt.datetime
    reason: str
    age: str
    is_returning: bool
    has_ai_summary: bool
    awaits_outcome: bool
    place: Place

    @property
    def start_clock(self) -> str:
        return f"{self.starts:%H:%M}"

    @property
    def end_clock(self) -> str:
        return f"{self.ends:%H:%M}"

    @property
    def layout(self) -> str:
        """How its card is laid out; part of a style's name."""
        if self.place.columns < timeline.COLUMNS:  # others are at the same time, and it shares its width with them
            return "narrow"
        return {3: "line", 4: "line-or-two"}.get(self.place.rows, "lines")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the day without a visit. `kind` is hours, free or off."""

    kind: str
    starts: dt.time
    ends: dt.time
    minutes: int
    place: Place
    note: str = ""


@dataclass(frozen=True, slots=True)
class DoctorDay:
    date: dt.date
    zone: zoneinfo.ZoneInfo
    frame: Frame
    visits: Sequence[DayVisit]
    double_booked: Sequence[Sequence[DayVisit]]
    hours: Sequence[Stretch]
    free: Sequence[Stretch]
    off: Sequence[Stretch]
    now: dt.datetime
    now_place: Place | None
    questions: Sequence[Prescription]
    rejected: Sequence[Prescription]
    expired: Sequence[Prescription]

    @property
    def is_today(self) -> bool:
        return self.now.date() == self.date

    @property
    def expected(self) -> list[DayVisit]:
        return [one for one in self.visits if one.heading.state != VisitState.CANCELLED]

    @property
    def seen(self) -> list[DayVisit]:
        return [one for one in self.visits if one.heading.state == VisitState.COMPLETED]

    @property
    def pending(self) -> list[DayVisit]:
        return [one for one in self.visits if one.heading.state == VisitState.PENDING]

    @property
    def free_minutes(self) -> int:
        return sum(one.minutes for one in self.free)

    @property
    def next_visit(self) -> DayVisit | None:
        return next((one for one in self.visits if not one.heading.state.is_over and one.ends > self.now), None)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say beside the time line."""
        return not (self.questions or self.rejected or self.expired or (self.is_today and self.next_visit))


def doctor_day(*, user: User, date: dt.date, at: dt.datetime) -> DoctorDay:
    zone = user.hospital_zone()
    midnight = dt.datetime.combine(date, dt.time(), zone)
    end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone)
    visits = list(_visits(user, midnight, end)[:MOST_VISITS])
    windows = [
        timeline.window_span(start, stop)
        for start, stop in DoctorAvailability.objects.filter(doctor=user.pk, day_of_week=date.isoweekday()).values_list(
            "start_time", "end_time"
        )
    ]
    off = [
        (timeline.span_of(row.starts_at, row.ends_at, day=date, zone=zone), row.reason)
        for row in DoctorTimeOff.objects.filter(doctor=user.pk, starts_at__lt=end, ends_at__gt=midnight)
    ]
    spans = [timeline.span_of(row.start_ts, row.end_ts, day=date, zone=zone) for row in visits]
    taken = [span for span, row in zip(spans, visits, strict=True) if row.status != Appointment.Status.CANCELLED]
    visit_minutes = user.hospital.visit_length_minutes if user.hospital else 0
    open_windows = timeline.without(windows, [span for span, _ in off])
    frame = timeline.frame_around([*windows, *map(timeline.drawn, spans)])
    shown_off = [(Span(max(s.start, frame.first_hour * 60), min(s.end, frame.last_hour * 60)), r) for s, r in off]
    now = at.astimezone(zone)
    # These are of no day: they are shown beside today's.
    unsettled = list(unsettled_prescriptions(user, at=at)[:MOST_UNSETTLED]) if date == now.date() else []
    placed = _placed(visits, spans, frame, zone=zone, at=at)
    return DoctorDay(
        date=date,
        zone=zone,
        frame=frame,
        visits=placed,
        double_booked=_double_booked(placed),
        hours=[_stretch("hours", span, frame) for span in windows],
        free=[_stretch("free", span, frame) for span in timeline.gaps(open_windows, taken, at_least=visit_minutes)],
        off=[_stretch("off", span, frame, note=reason) for span, reason in shown_off if span.minutes > 0],
        now=now,
        now_place=_now_place(now, date, frame),
        questions=list(unanswered_questions(user)[:MOST_QUESTIONS]),
        rejected=[row for row in unsettled if row.denial_reason != Prescription.DenialReason.EXPIRED],
        expired=[row for row in unsettled if row.denial_reason == Prescription.DenialReason.EXPIRED],
    )


def _visits(user: User, start: dt.datetime, end: dt.datetime) -> QuerySet[Any]:
    earlier = Appointment.objects.filter(
        patient_id=OuterRef("patient_id"),
        hospital_id=OuterRef("hospital_id"),
        start_ts__lt=OuterRef("start_ts"),
    ).taking_place()
    summary = Q(AiSession.caller_proven("ai_session__"), ai_session__summary__isnull=False)
    rows: QuerySet[Any] = (
        Appointment.objects.for_user(user)
        .between(start, end)
        .select_related("patient__user__profile")
        .defer("cal_raw_payload")
        .annotate(
            reason=booking_reason(),
            is_returning=Exists(earlier),
            has_ai_summary=ExpressionWrapper(summary, output_field=BooleanField()),
        )
        .order_by("start_ts", "pk")
    )
    return rows


def unanswered_questions(user: User) -> QuerySet[Any]:
    """The doctor's open prescriptions whose last message is somebody else's; the longest waiting first."""
    last = PrescriptionMessage.objects.filter(prescription=OuterRef("pk")).order_by("-created_at", "-pk")
    rows: QuerySet[Any] = (
        Prescription.objects.filter(Q(hospital_id=user.hospital_id), doctor_id=user.pk, status__in=OPEN)
        .annotate(
            last_author=Subquery(last.values("author")[:1]),
            asked_at=Subquery(last.values("created_at")[:1]),
            question=Subquery(last.values("body")[:1]),
        )
        .filter(asked_at__isnull=False)
        .exclude(last_author=F("doctor_id"))
        .select_related("patient__user__profile")
        .order_by("asked_at", "pk")
    )
    return rows


def _placed(
    visits: Sequence[Any],
    spans: Sequence[Span],
    frame: Frame,
    *,
    zone: zoneinfo.ZoneInfo,
    at: dt.datetime,
) -> list[DayVisit]:
    drawn = [timeline.drawn(span) for span in spans]
    return [
        _day_visit(visit, heading_of(visit, at=at), frame.place(span, lane=lane, lanes=lanes), zone=zone, at=at)
        for visit, span, (lane, lanes) in zip(visits, drawn, timeline.in_lanes(drawn), strict=True)
    ]


def _day_visit(
    visit: Any, heading: VisitHeading, place: Place, *, zone: zoneinfo.ZoneInfo, at: dt.datetime
) -> DayVisit:
    starts = visit.start_ts.astimezone(zone)
    return DayVisit(
        heading=heading,
        starts=starts,
        ends=visit.end_ts.astimezone(zone),
        reason=visit.reason or "",
        age=short_age(visit.patient.date_of_birth, starts.date()) if heading.is_identified else "",
        is_returning=visit.is_returning,
        has_ai_summary=visit.has_ai_summary and heading.is_identified,
        awaits_outcome=visit.start_ts <= at and not heading.state.is_over,
        place=place,
    )


def _double_booked(visits: Sequence[DayVisit]) -> list[list[DayVisit]]:
    """By the moments, not by the clock: an hour that comes twice holds two visits one after the other."""
    expected = [one for one in visits if one.heading.state not in (VisitState.CANCELLED, VisitState.NO_SHOW)]
    spans = [Span(*_minutes(one.heading.visit)) for one in expected]
    return [[expected[index] for index in group] for group in timeline.overlapping(spans)]


def _minutes(visit: Appointment) -> tuple[int, int]:
    return int(visit.start_ts.timestamp()) // 60, int(visit.end_ts.timestamp()) // 60


def _stretch(kind: str, span: Span, frame: Frame, *, note: str = "") -> Stretch:
    return Stretch(kind, timeline.clock(span.start), timeline.clock(span.end), span.minutes, frame.place(span), note)


def _now_place(now: dt.datetime, date: dt.date, frame: Frame) -> Place | None:
    minute = now.hour * 60 + now.minute
    if now.date() != date or not frame.first_hour * 60 <= minute < frame.last_hour * 60:
        return None
    return frame.place(Span(minute, minute + 1))
