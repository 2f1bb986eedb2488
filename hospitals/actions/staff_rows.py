"""The rows that make somebody a member of staff, for actions on one and on many."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Role, StaffMail, User
from hospitals.models import Doctor, Hospital, HospitalAdmin, Pharmacist

StaffRow = Doctor | Pharmacist | HospitalAdmin


class EmailTaken(Exception):
    code = "email_taken"


class NotStaffRole(Exception):
    code = "not_staff_role"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`detail` is a doctor's specialty or a pharmacist's pharmacy."""

    role: Role
    email: str
    full_name: str
    detail: str | None = None


def role_row(user: User, hospital: Hospital, detail: str | None) -> StaffRow:
    match user.role:
        case Role.DOCTOR:
            return Doctor(user=user, hospital=hospital, specialty=detail)
        case Role.PHARMACIST:
            return Pharmacist(user=user, hospital=hospital, pharmacy_name=detail)
        case Role.HOSPITAL_ADMIN:
            return HospitalAdmin(user=user, hospital=hospital)
        case _:
            raise NotStaffRole(user.role)


def give_password(user: User, password: str | None, encoded: str, *, at: dt.datetime) -> None:
    """A temporary password, or none."""
    user.password = encoded
    user.password_temp = password is not None
    user.force_password_change = True
    user.temporary_password_expires_at = at + settings.TEMPORARY_PASSWORD_LIFETIME if password else None


def invitation(user: User, *, at: dt.datetime) -> StaffMail:
    return StaffMail(kind=StaffMail.Kind.INVITATION, user=user, created_at=at, status_at=at)


@contextmanager
def email_is_free() -> Iterator[None]:
    """Around an insert of users, which a taken email refuses."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "users_email" in str(error):
            raise EmailTaken from None
        raise


def record_change(user: User, *, by: User | None, reason: str, hospital_id: uuid.UUID | None = None) -> None:
    record_access(
        by=by,
        action=AccessAction.CHANGED_STAFF,
        object_kind=(user.role or "user").lower(),
        object_id=user.pk,
        hospital_id=hospital_id or user.hospital_id,
        reason=reason,
    )
