"""The numbers under which the people of visits are reached."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from accounts.models import User
from clinical.models import Appointment, AppointmentBooking


def phones_of(visits: Sequence[Appointment]) -> dict[uuid.UUID, str]:
    """By visit: the account's number, or for a guest the one typed with the booking. Two queries; few have none."""
    patients = {visit.patient_id for visit in visits if visit.patient_id}
    accounts = dict(User.objects.filter(pk__in=patients, phone__isnull=False).values_list("pk", "phone"))
    guests = [visit.cal_booking_id for visit in visits if visit.patient_id is None]
    booked = AppointmentBooking.objects.filter(uid__in=guests, attendee_phone__isnull=False)
    typed = dict(booked.values_list("uid", "attendee_phone"))
    found = {visit.pk: accounts.get(visit.patient_id) or typed.get(visit.cal_booking_id) for visit in visits}
    return {pk: number for pk, number in found.items() if number}
