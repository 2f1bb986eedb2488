from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.models import Hospital
from hospitals.ports import schedule_publisher


@transaction.atomic
def save_hospital(*, hospital: Hospital, by: User | None, at: dt.datetime) -> Hospital:
    """Keep a checked hospital, new or changed. Another zone moves every doctor's hours, so all are published again.

    Raises: NotPermitted.
    """
    require(by, Permission.MANAGE_HOSPITALS)
    earlier = Hospital.objects.select_for_update().filter(pk=hospital.pk).first() if hospital.pk else None
    hospital.save()
    if earlier and earlier.time_zone != hospital.time_zone:
        for doctor_id in hospital.doctors.order_by("pk").values_list("pk", flat=True):
            schedule_publisher().want(doctor_id)
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOSPITAL,
        object_kind="hospital",
        object_id=hospital.pk,
        hospital_id=hospital.pk,
        reason="changed" if earlier else "added",
    )
    return hospital
