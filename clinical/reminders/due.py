"""Which visits are reminded of, and under which number."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypedDict

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from clinical.models import Appointment, AppointmentBooking, VisitReminder
from hospitals.models.hospital import ReminderKind, reminder_kind

# Put off to the end of the night, it must leave this much time to get up and go.
LEAST_NOTICE = dt.timedelta(hours=1)
# Brought forward to the evening, it comes this long before the quiet begins.
EVENING_MARGIN = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until `ends` by the person's clock, mostly past midnight. Equal: there are none."""

    begins: dt.time
    ends: dt.time

    def around(self, moment: dt.datetime, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime] | None:
        """The stretch of quiet that holds the moment, or None."""
        day = moment.astimezone(zone).date()
        for first in (day - _DAY, day):
            begins, ends = self._from(first, zone)
            if begins <= moment < ends:
                return begins, ends
        return None

    def next_begin(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """When it is quiet next; the moment itself while it is. Never is a day later: nothing is kept longer."""
        if self.around(moment, zone):
            return moment
        if self.begins == self.ends:
            return moment + _DAY
        day = moment.astimezone(zone).date()
        begin = self._from(day, zone)[0]
        return begin if begin > moment else self._from(day + _DAY, zone)[0]

    def _from(self, day: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
        last = day + _DAY if self.ends < self.begins else day
        return (
            dt.datetime.combine(day, self.begins, zone).astimezone(dt.UTC),
            dt.datetime.combine(last, self.ends, zone).astimezone(dt.UTC),
        )


def reminder_due(start: dt.datetime, *, kind: ReminderKind, zone: dt.tzinfo, quiet: QuietHours) -> dt.datetime:
    """When to send a reminder of a visit that begins at `start`.

    One that would come in the quiet hours waits for their end; if that leaves too little time, it comes the evening
    before.
    """
    # In UTC: a zone's own clock would skip or repeat the hour of a change.
    due = start.astimezone(dt.UTC) - kind.lead
    night = quiet.around(due, zone)
    if night is None:
        return due
    begins, ends = night
    return ends if start - ends >= LEAST_NOTICE else begins - EVENING_MARGIN


class Unplanned(TypedDict):
    id: uuid.UUID
    start_ts: dt.datetime
    patient_zone: str | None
    hospital_zone: str | None
    # When we first heard of the visit at this time.
    known_since: dt.datetime


def unplanned_visits(*, at: dt.datetime, until: dt.datetime) -> QuerySet[Any, Unplanned]:
    """Visits of proven patients that begin in `(at, until]` and whose present time has no reminder yet."""
    known = VisitReminder.objects.filter(appointment=OuterRef("pk"), start_ts=OuterRef("start_ts"))
    booked = AppointmentBooking.objects.filter(uid=OuterRef("cal_booking_id")).values("created_at")
    # By the hospital's index: no other one begins with the time.
    coming = Appointment.objects.filter(start_ts__gt=at, start_ts__lte=until, hospital__reminders_enabled=True)
    rows = coming.identified().filter(status=Appointment.Status.SCHEDULED, patient__isnull=False)
    visits: QuerySet[Any, Any] = (
        rows.exclude(Exists(known))
        .order_by("start_ts", "pk")
        .values(
            "id",
            "start_ts",
            patient_zone=F("patient__time_zone"),
            hospital_zone=F("hospital__time_zone"),
            known_since=Coalesce(Subquery(booked), F("created_at")),
        )
    )
    return visits


def reminded_visits(visit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Appointment]:
    """Of these, the visits that take place and whose hospital and proven patient both want reminders, by id."""
    rows = Appointment.objects.identified().filter(
        pk__in=visit_ids,
        status=Appointment.Status.SCHEDULED,
        hospital__reminders_enabled=True,
        patient__reminders_enabled=True,
        patient__erased_at__isnull=True,
        patient__user__is_active=True,
        patient__user__phone__isnull=False,
    )
    return {visit.pk: visit for visit in rows.select_related("hospital", "patient__user").defer("cal_raw_payload")}


def number_of(reminder: VisitReminder, visit: Appointment | None) -> str | None:
    """Where this reminder goes: None when the visit has moved, is not reminded of, or not in this way."""
    if visit is None or visit.start_ts != reminder.start_ts or visit.hospital is None or visit.patient is None:
        return None
    is_wanted: bool = getattr(visit.hospital, reminder_kind(reminder.kind).setting)
    return visit.patient.user.phone if is_wanted else None


def quiet_hours() -> QuietHours:
    begins, ends = settings.REMINDER_QUIET_HOURS
    return QuietHours(begins, ends)
