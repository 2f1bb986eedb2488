"""As `mirror_seed`, with patients who are signed in. Prints their tokens and the doctors' ids."""

from __future__ import annotations

import json

import django

PATIENTS = 100


def seed() -> dict[str, list[str]]:
    # Models can be imported once the settings are read.
    from accounts.models import DeviceToken
    from hospitals.models import Doctor
    from tests.cast import make_patient
    from tests.faults import mirror_seed

    mirror_seed.seed()
    people = [make_patient(f"4366055{number:05}", f"Patient {number}") for number in range(PATIENTS)]
    doctors = Doctor.objects.order_by("cal_link__cal_user_id").values_list("pk", flat=True)
    return {
        "tokens": [DeviceToken.objects.create(user=person.user)[1] for person in people],
        "doctors": [str(doctor) for doctor in doctors],
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(seed()))
