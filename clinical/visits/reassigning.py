"""A doctor is ill: visits go to colleagues who are free then, at the same times, and the patients are told.

The calendar gets a new booking with the colleague first, and only then is the old one cancelled: whatever fails, the
patient has a booking. The visit keeps its id (`clinical.mirror`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_each
from accounts.models import User
from accounts.permissions import Permission, require
from clinical.models import Appointment, VisitDecision
from clinical.ports import booking_provider
from clinical.visits.decisions import Cause, Choice, locked_visits, refused_requests, says_more
from core.refusals import Conflict
from core.times import known_zone
from hospitals.hours.open_hours import BookedVisit, Period, lies_inside, opening_hours, touches
from hospitals.hours.page import windows_of
from hospitals.hours.windows import Window
from hospitals.models import Doctor, DoctorTimeOff


class ColleagueNotFree(Conflict):
    code = "colleague_not_free"
    message = _("A colleague is not free any more at one of these times. Nothing was changed: please choose again.")


@transaction.atomic
def reassign_visits(
    *, colleagues: Mapping[uuid.UUID, uuid.UUID], reason: str, by: User, at: dt.datetime
) -> list[VisitDecision]:
    """Ask the calendar to book each visit with its new doctor. `colleagues` are doctors, by visit.

    Visits that were cancelled, have begun, or are on their way elsewhere already are left out.

    Raises: NotPermitted, NotFound, ColleagueNotFree (nothing is asked for).
    """
    require(by, Permission.MANAGE_HOURS, hospital=by.hospital_id)
    visits = locked_visits(colleagues.keys(), by)
    known = VisitDecision.objects.current().filter(appointment__in=visits)
    before = {decision.appointment_id: decision for decision in known}
    refused = refused_requests(before.values())
    open_visits = [visit for visit in visits if visit.status == Appointment.Status.SCHEDULED and visit.start_ts > at]
    chosen = [visit for visit in open_visits if says_more(Choice.REASSIGN, before.get(visit.pk), visit, refused)]
    if not chosen:
        return []
    doctors = _free_doctors(chosen, colleagues, by)
    asked = booking_provider().request_reassignments(appointments=chosen, doctors=doctors, reason=reason)
    VisitDecision.objects.filter(pk__in=[before[one.pk].pk for one in chosen if one.pk in before]).update(
        replaced_at=at
    )
    record_each(
        by=by,
        action=AccessAction.DECIDED_VISIT,
        records=[(visit, str(Choice.REASSIGN)) for visit in chosen],
        object_kind="appointment",
    )
    return VisitDecision.objects.bulk_create(
        VisitDecision(
            id=uuid.uuid4(),
            appointment=visit,
            doctor_id=visit.doctor_id,
            hospital_id=visit.hospital_id,
            start_ts=visit.start_ts,
            cause=Cause.VISIT,
            choice=Choice.REASSIGN,
            reason=reason,
            request_id=request_id,
            decided_by=by,
            decided_at=at,
        )
        for visit, request_id in zip(chosen, asked, strict=True)
    )


def _free_doctors(visits: Sequence[Appointment], colleagues: Mapping[uuid.UUID, uuid.UUID], by: User) -> list[Doctor]:
    """Each visit's new doctor. Raises: ColleagueNotFree."""
    free = free_colleagues(visits, by=by)
    taken: dict[uuid.UUID, list[Period]] = defaultdict(list)
    doctors = []
    for visit in visits:
        doctor = next((one for one in free[visit.pk] if one.pk == colleagues[visit.pk]), None)
        # Two of these visits may go to one colleague, but not at one time.
        if doctor is None or touches(_span(visit), taken[doctor.pk]):
            raise ColleagueNotFree
        taken[doctor.pk].append((visit.start_ts, visit.end_ts))
        doctors.append(doctor)
    return doctors


def is_being_reassigned(visit: Appointment) -> bool:
    """Whether the calendar was asked to book the visit with a colleague, and that has no outcome yet."""
    decided = VisitDecision.objects.current().filter(appointment=visit, choice=Choice.REASSIGN)
    asked = [request_id for request_id in decided.values_list("request_id", flat=True) if request_id]
    return any(one.state == "pending" for one in booking_provider().outcomes(asked).values())


def free_colleagues(visits: Sequence[Appointment], *, by: User) -> dict[uuid.UUID, list[Doctor]]:
    """By visit, the hospital's other bookable doctors who are open then and have nothing else; by name. Few queries."""
    zone = known_zone(by.hospital.time_zone) if by.hospital else None
    if not visits or zone is None:
        return {visit.pk: [] for visit in visits}
    start, end = min(one.start_ts for one in visits), max(one.end_ts for one in visits)
    rows = Doctor.objects.for_user(by).active().filter(hospital=by.hospital_id).with_names()
    doctors = list(rows.prefetch_related("availability").order_by("user__profile__full_name", "pk"))
    bookable = booking_provider().bookable([one.pk for one in doctors])
    busy = _busy(doctors, start, end)
    weeks = {one.pk: windows_of(one) for one in doctors if one.pk in bookable}
    return {
        visit.pk: [
            one
            for one in doctors
            if one.pk in weeks and one.pk != visit.doctor_id and _is_free(visit, weeks[one.pk], busy[one.pk], zone)
        ]
        for visit in visits
    }


def _busy(doctors: Iterable[Doctor], start: dt.datetime, end: dt.datetime) -> dict[uuid.UUID, list[Period]]:
    busy: dict[uuid.UUID, list[Period]] = defaultdict(list)
    taking_place = Appointment.objects.filter(doctor__in=doctors, start_ts__lt=end, end_ts__gt=start).taking_place()
    off = DoctorTimeOff.objects.filter(doctor__in=doctors, starts_at__lt=end, ends_at__gt=start)
    for rows in (
        taking_place.values_list("doctor_id", "start_ts", "end_ts"),
        off.values_list("doctor_id", "starts_at", "ends_at"),
    ):
        for doctor_id, *period in rows:
            busy[doctor_id].append((period[0], period[1]))
    return busy


def _is_free(visit: Appointment, week: Sequence[Window], busy: Sequence[Period], zone: ZoneInfo) -> bool:
    def opening(day: dt.date) -> tuple[Period, ...]:
        return opening_hours(week, day, zone)

    return lies_inside(_span(visit), opening) and not touches(_span(visit), busy)


def _span(visit: Appointment) -> BookedVisit:
    return BookedVisit(visit.pk, visit.start_ts, visit.end_ts)
