from __future__ import annotations

from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.models import Doctor


def require_for_hours(by: User | None, doctor: Doctor) -> None:
    """Hours and time off are the doctor's own to change, and their hospital's admins'. Raises: NotPermitted."""
    is_own = by is not None and by.pk == doctor.pk
    require(by, Permission.TREAT_PATIENTS if is_own else Permission.MANAGE_HOURS, hospital=doctor.hospital_id)
