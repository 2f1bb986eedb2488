"""As `booking_seed`, and a record to read for each of the first patients. Prints their tokens."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import django

RECORDS = 20


def seed() -> dict[str, list[str]]:
    # Models can be imported once the settings are read.
    from django.utils import timezone

    from accounts.models import Patient
    from hospitals.models import Doctor
    from tests.clinical.records import make_prescription, make_session, make_visit
    from tests.faults import booking_seed

    seeded = booking_seed.seed()
    doctor = Doctor.objects.get(pk=uuid.UUID(seeded["doctors"][0]))
    for number, patient in enumerate(
        Patient.objects.filter(user__phone__startswith="4366055").order_by("pk")[:RECORDS]
    ):
        make_visit(patient, doctor, timezone.now() + dt.timedelta(days=60, hours=number))
        make_prescription(patient, doctor)
        make_session(patient)
    return seeded


if __name__ == "__main__":
    django.setup()
    print(json.dumps(seed()))
