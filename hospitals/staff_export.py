from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.models import Doctor, HospitalAdmin, Pharmacist
from hospitals.staff_csv import COLUMNS

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


@transaction.atomic
def staff_table(*, by: User, at: dt.datetime) -> Table:
    """Header and rows of all staff the person may see; that it was taken out is on record. Raises: NotPermitted."""
    require(by, Permission.MANAGE_STAFF)
    record_access(by=by, action=AccessAction.EXPORTED, object_kind="staff")
    return (*COLUMNS, "access", "hospital"), sorted(_rows(by), key=lambda row: (row[-1], row[1].lower(), row[2]))


def _rows(by: User) -> Iterator[tuple[str, ...]]:
    for doctor in Doctor.objects.for_user(by).with_names():
        yield _row("doctor", doctor, specialty=doctor.specialty)
    for pharmacist in Pharmacist.objects.for_user(by).with_names():
        yield _row("pharmacist", pharmacist, pharmacy=pharmacist.pharmacy_name)
    for admin in HospitalAdmin.objects.for_user(by).with_names():
        yield _row("admin", admin)


def _row(
    role: str,
    member: Doctor | Pharmacist | HospitalAdmin,
    *,
    specialty: str | None = None,
    pharmacy: str | None = None,
) -> tuple[str, ...]:
    user = member.user
    access = "active" if user.is_active else "deactivated"
    facts = (role, member.full_name, user.email, specialty, pharmacy, access, member.hospital.name)
    return tuple(fact or "" for fact in facts)
