"""What a patient takes now, by approved prescriptions of every hospital of the group."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.people.names import full_name
from clinical.models import Prescription
from clinical.prescriptions.medications import Medication, stored_medications

MOST_ENTRIES = 100
# No medication line, with its refills, covers more than 13 times a year; the index narrows it to one patient.
MEDICATION_SIGHT = dt.timedelta(days=366 * 13)


@dataclass(frozen=True, slots=True)
class CurrentMedication:
    medication: Medication
    prescribed_on: dt.date
    ends_on: dt.date
    prescriber: str
    hospital: str
    is_waiting: bool = False


def current_medications(
    patient_id: uuid.UUID, *, at: dt.datetime, today: dt.date, waiting_at: uuid.UUID | None = None
) -> list[CurrentMedication]:
    """What the patient should be taking now, of every hospital: the part of a record that crosses hospitals.

    With what waits for the pharmacy of the hospital `waiting_at`.
    """
    counted = Q(status__in=["APPROVED", "COMPLETED"])
    if waiting_at is not None:
        counted |= Q(status=Prescription.Status.PENDING, hospital_id=waiting_at)
    rows = (
        Prescription.objects.filter(counted, patient_id=patient_id, created_at__gt=at - MEDICATION_SIGHT)
        .with_people()
        .order_by("-created_at", "-pk")[:MOST_ENTRIES]
    )
    return [
        CurrentMedication(
            medication=line,
            prescribed_on=day,
            ends_on=line.ends_on(started_on=day),
            prescriber=full_name(row.doctor.user),
            hospital=row.hospital.name if row.hospital else "",
            is_waiting=row.status == Prescription.Status.PENDING,
        )
        for row in rows
        # In the reader's zone, as `today` is: west of Greenwich an evening's prescription would begin tomorrow.
        for day in [timezone.localdate(row.created_at)]
        for line in stored_medications(row.medications)
        if line.is_current(started_on=day, today=today)
    ]
