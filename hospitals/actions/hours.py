from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from accounts.audit import AccessAction, record_access
from accounts.models import User
from hospitals.hours import Window, in_order
from hospitals.models import Doctor, DoctorAvailability
from hospitals.ports import schedule_publisher


@transaction.atomic
def replace_weekly_hours(
    *, doctor: Doctor, windows: Iterable[Window], by: User | None, at: dt.datetime
) -> tuple[Window, ...]:
    """Make these the doctor's weekly hours, and ask for them to be published. Rows that stay are left alone.

    Raises: OverlappingWindows.
    """
    wanted = in_order(windows)
    # Whoever saves second waits here, and then replaces the first plan whole: two plans never mix.
    locked = Doctor.objects.select_for_update(of=("self",), no_key=True).get(pk=doctor.pk)
    kept = {Window(row.day_of_week, row.start_time, row.end_time): row.pk for row in locked.availability.all()}
    stale = [pk for window, pk in kept.items() if window not in wanted]
    missing = [window for window in wanted if window not in kept]
    if not stale and not missing:
        return wanted
    DoctorAvailability.objects.filter(pk__in=stale).delete()
    DoctorAvailability.objects.bulk_create(
        DoctorAvailability(doctor=locked, day_of_week=w.day, start_time=w.start, end_time=w.end) for w in missing
    )
    schedule_publisher().want(locked.pk)
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOURS,
        object_kind="doctor",
        object_id=locked.pk,
        hospital_id=locked.hospital_id,
    )
    return wanted
