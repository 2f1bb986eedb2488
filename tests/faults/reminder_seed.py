"""So many patients with a visit in under two hours: `python -m tests.faults.reminder_seed NAME COUNT`."""

from __future__ import annotations

import datetime as dt
import sys

import django


def seed(name: str, count: int) -> None:
    # Models can be imported once the settings are read.
    from django.utils import timezone

    from tests.cast import make_hospital, make_patient
    from tests.clinical.records import make_visit

    doctor = make_hospital(name, time_zone="Europe/Vienna").doctor
    now = timezone.now()
    for number in range(count):
        patient = make_patient(f"43660{len(name):03}{number:05}", f"Patient {number}")
        make_visit(
            patient,
            doctor,
            now + dt.timedelta(minutes=110),
            cal_booking_id=f"{name}-{number}",
            created_at=now - dt.timedelta(days=3),
        )


if __name__ == "__main__":
    django.setup()
    seed(sys.argv[1], int(sys.argv[2]))
