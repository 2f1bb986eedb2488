"""Staff whose sign-in is closed for now, after failed tries."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from accounts.models import Role, User

SHOWN = 10
# Whose page tells of the access; the name is the model's.
_MODELS = {Role.DOCTOR: "doctor", Role.PHARMACIST: "pharmacist", Role.HOSPITAL_ADMIN: "hospitaladmin"}


@dataclass(frozen=True, slots=True)
class LockedMember:
    pk: uuid.UUID
    name: str
    model: str
    until: dt.datetime

    @property
    def page(self) -> str:
        """The name of the address of the person's page in the portal."""
        return f"admin:hospitals_{self.model}_access"


@dataclass(frozen=True, slots=True)
class LockedStaff:
    members: tuple[LockedMember, ...]
    has_more: bool


def locked_staff(user: User, *, at: dt.datetime) -> LockedStaff:
    """Of the user's hospital; for an operator, of all. The longest closed first. One query, by its own small index."""
    rows = User.objects.filter(lockout_until__gt=at, is_active=True, role__in=list(_MODELS))
    if not user.is_operator:
        rows = rows.filter(hospital=user.hospital_id, hospital__isnull=False)
    found = list(rows.select_related("profile").order_by("-lockout_until", "pk")[: SHOWN + 1])
    return LockedStaff(tuple(_member(row) for row in found[:SHOWN]), has_more=len(found) > SHOWN)


def _member(row: User) -> LockedMember:
    profile = getattr(row, "profile", None)
    assert row.lockout_until is not None
    name = (profile.full_name if profile else "") or row.email or ""
    return LockedMember(row.pk, name, _MODELS[Role(row.role)], row.lockout_until)
