"""Whose weekly hours a doctor's could begin as: the other active doctors of the hospital who have some."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from accounts.models import User
from hospitals.hours import Window, join_shifts
from hospitals.models import Doctor, DoctorAvailability
from hospitals.week_form import Rows, rows_of


def colleagues_with_hours(doctor: Doctor, *, by: User) -> list[Doctor]:
    has_hours = Exists(DoctorAvailability.objects.filter(doctor=OuterRef("pk")))
    rows = Doctor.objects.for_user(by).active().filter(has_hours, hospital=doctor.hospital_id).exclude(pk=doctor.pk)
    return list(rows.with_names().order_by("user__profile__full_name", "pk"))


def rows_of_colleague(doctor: Doctor, typed: str, *, by: User) -> Rows | None:
    """The form's rows of a colleague's week; None where what was typed is nobody of `colleagues_with_hours`."""
    chosen = next((one for one in colleagues_with_hours(doctor, by=by) if str(one.pk) == typed), None)
    if chosen is None:
        return None
    windows = [Window(row.day_of_week, row.start_time, row.end_time) for row in chosen.availability.all()]
    return rows_of(join_shifts(windows))
