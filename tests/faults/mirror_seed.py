"""Fills a stack's database: a hospital with two doctors connected to the simulator, and two patients."""

from __future__ import annotations

import django


def seed() -> None:
    # Models can be imported once the settings are read.
    from accounts.models import Role
    from hospitals.models import Doctor, DoctorAvailability
    from integrations.calcom.api.factory import calcom_client
    from integrations.calcom.setup.connect_doctor import connect_doctor
    from tests.cast import make_hospital, make_patient, make_staff
    from tests.faults.mirror_seed_data import PHONES, TEAM_ID

    north = make_hospital("North", time_zone="Europe/Vienna")
    north.hospital.cal_team_id = TEAM_ID
    north.hospital.booking_notice_minutes = 0
    north.hospital.save()
    second = make_staff(north.hospital, Role.DOCTOR, "second@north.test", "Daniel North")
    doctors = [north.doctor, Doctor.objects.create(user=second, hospital=north.hospital, specialty="Surgery")]
    make_patient(PHONES[0][1:], "Paula Patient")
    make_patient(PHONES[1][1:], "Otto Other")
    client = calcom_client()
    for doctor in doctors:
        for day in range(1, 8):
            DoctorAvailability.objects.create(doctor=doctor, day_of_week=day, start_time="00:00", end_time="23:59")
        connect_doctor(doctor.pk, client)
    client.close()


if __name__ == "__main__":
    django.setup()
    seed()
