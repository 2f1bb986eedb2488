"""The rows that make somebody a member of staff, for actions on one and on many."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Profile, Role, StaffMail, User
from accounts.permissions import Permission, has_permission, require, require_for_staff
from accounts.roles import kind_of_member
from core.wake_ups import wake
from hospitals.hours.actions import NO_ANSWERS, VisitAnswers, settle_hit_visits
from hospitals.models import Doctor, Hospital, StaffMember
from hospitals.ports import booked_visits, schedule_publisher

# Without 0/O, 1/l/I: it is read aloud and copied by hand. 32 ** 12 is 60 bits.
_PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_PASSWORD_GROUPS = 3
_PASSWORD_GROUP_LENGTH = 4
# The database holds the rule: this app knows no visits.
_RULE = "doctors_move_without_open_records"


class EmailTaken(Exception):
    code = "email_taken"


class NotStaffRole(Exception):
    code = "not_staff_role"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`detail` is what the role has of its own (`accounts.roles.StaffDetail`): a doctor's specialty."""

    role: Role
    email: str
    full_name: str
    detail: str | None = None


def role_row(user: User, hospital: Hospital, detail: str | None) -> StaffMember:
    kind = user.staff_kind
    if kind is None:
        raise NotStaffRole(user.role)
    row: StaffMember = kind.model(user=user, hospital=hospital, **kind.facts(detail))
    return row


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
        object_kind=user.staff_kind.object_kind if user.staff_kind else "user",
        object_id=user.pk,
        hospital_id=hospital_id or user.hospital_id,
        reason=reason,
    )


class CannotDeactivateYourself(Exception):
    code = "cannot_deactivate_yourself"


class OwnPasswordPage(Exception):
    """One's own password is changed on one's own page, which asks for the present one."""

    code = "own_password_page"


@dataclass(frozen=True, slots=True)
class NewStaffMember:
    """`temporary_password` exists nowhere else: show it once. None for one who was mailed a link instead."""

    user: User
    temporary_password: str | None


@transaction.atomic
def add_staff_member(
    *,
    hospital: Hospital,
    role: Role,
    email: str,
    full_name: str,
    detail: str | None = None,
    by_mail: bool = False,
    by: User | None,
    at: dt.datetime,
) -> NewStaffMember:
    """Create the user, the profile and the role's row, with a password that must be changed at the first sign-in;
    or, `by_mail`, with none, and a link on its way to set one.

    Raises: NotPermitted, EmailTaken, NotStaffRole.
    """
    require(by, Permission.MANAGE_STAFF, hospital=hospital.pk)
    password = None if by_mail else make_temporary_password()
    user = User(email=email.strip(), role=role, hospital=hospital)
    give_password(user, password, make_password(password), at=at)
    with email_is_free():
        user.save(force_insert=True)
    Profile.objects.create(user=user, full_name=full_name)
    role_row(user, hospital, detail).save(force_insert=True)
    if by_mail:
        _mail_link(user, at=at)
    record_change(user, by=by, reason="added")
    return NewStaffMember(user=user, temporary_password=password)


@transaction.atomic
def update_staff_member(
    *, member: StaffMember, full_name: str, detail: str | None, by: User | None, at: dt.datetime
) -> None:
    """Change the name, and what the role has of its own (`detail`). Raises: NotPermitted."""
    user = User.objects.select_for_update().get(pk=member.pk)
    require_for_staff(by, user)
    Profile.objects.update_or_create(user=user, defaults={"full_name": full_name})
    kind = kind_of_member(member)
    if kind.detail:
        kind.model.objects.filter(pk=member.pk).update(**kind.facts(detail))
    record_change(user, by=by, reason="changed")


@transaction.atomic
def deactivate_staff_member(
    *, user: User, answers: VisitAnswers = NO_ANSWERS, by: User | None, at: dt.datetime
) -> None:
    """End the person's access at once. The records they made stay; a doctor's calendar is closed.

    `answers` say what becomes of the doctor's booked visits. Whoever may not decide about visits is not asked: these
    then wait for the hospital's admins (`clinical.visits.attention`).

    Raises: NotPermitted, CannotDeactivateYourself, VisitsHit (for visits without an answer: nothing is saved).
    """
    if by is not None and by.pk == user.pk:
        raise CannotDeactivateYourself
    require_for_staff(by, user)
    may_decide = by is not None and has_permission(by, Permission.MANAGE_HOURS, hospital=user.hospital_id)
    if user.is_doctor and user.is_active and by is not None and may_decide and not by.is_operator:
        settle_hit_visits(booked_visits().booked(user.pk, at=at), answers=answers, cause="deactivated", by=by, at=at)
    _set_active(user, is_active=False, by=by, reason="deactivated")


@transaction.atomic
def reactivate_staff_member(*, user: User, by: User | None, at: dt.datetime) -> None:
    """Let the person in again. Raises: NotPermitted."""
    _set_active(user, is_active=True, by=by, reason="reactivated")


def reset_staff_password(*, user: User, by: User | None, at: dt.datetime) -> str:
    """Give the person a new temporary password and return it, the only time it can be seen.

    Raises: NotPermitted, OwnPasswordPage.
    """
    password = make_temporary_password()
    _replace_password(user, password, by=by, at=at, reason="password reset")
    return password


def mail_password_link(*, user: User, by: User | None, at: dt.datetime) -> None:
    """End the person's password, and mail them a link to set their own. Links mailed before end too.

    Raises: NotPermitted, OwnPasswordPage.
    """
    _replace_password(user, None, by=by, at=at, reason="password link")


class OwnEmail(Exception):
    """One's own email: a slip of the hand would lock its owner out. Another admin changes it."""

    code = "own_email"


@transaction.atomic
def change_staff_email(*, user: User, email: str, by: User | None, at: dt.datetime) -> None:
    """Correct the email the person signs in with. It ends their password, sessions and links; a link to set a new
    password goes to the new address, and a notice to the old one.

    Raises: NotPermitted, OwnEmail, EmailTaken.
    """
    if by is not None and by.pk == user.pk:
        raise OwnEmail
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    require_for_staff(by, locked)
    old, new = locked.email, email.strip()
    if old == new:
        return
    locked.email = new
    with email_is_free():
        locked.save(update_fields=["email"])
    record_change(locked, by=by, reason="email changed")
    if old:
        notice = StaffMail(kind=StaffMail.Kind.EMAIL_CHANGED, user=locked, address=old, created_at=at, status_at=at)
        notice.save(force_insert=True)
    # What waits would go to an address that was never theirs, or is no more.
    StaffMail.objects.filter(user=locked, status=StaffMail.Status.QUEUED, address=None).delete()
    _replace_password(locked, None, by=by, at=at, reason="password link")


def make_temporary_password() -> str:
    groups = (
        "".join(secrets.choice(_PASSWORD_ALPHABET) for _ in range(_PASSWORD_GROUP_LENGTH))
        for _ in range(_PASSWORD_GROUPS)
    )
    return "-".join(groups)


def _replace_password(user: User, password: str | None, *, by: User | None, at: dt.datetime, reason: str) -> None:
    if by is not None and by.pk == user.pk:
        raise OwnPasswordPage
    encoded = make_password(password)  # before the row is locked
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        require_for_staff(by, locked)
        give_password(locked, password, encoded, at=at)
        locked.save(
            update_fields=["password", "password_temp", "force_password_change", "temporary_password_expires_at"]
        )
        if password is None:
            _mail_link(locked, at=at)
        record_change(locked, by=by, reason=reason)


def _mail_link(user: User, *, at: dt.datetime) -> None:
    invitation(user, at=at).save(force_insert=True)
    wake("send_staff_mail")


def _set_active(user: User, *, is_active: bool, by: User | None, reason: str) -> None:
    locked = User.objects.select_for_update().get(pk=user.pk)
    require_for_staff(by, locked)
    if locked.is_active == is_active:
        return
    locked.is_active = is_active
    locked.save(update_fields=["is_active"])
    if locked.is_doctor:
        schedule_publisher().want(locked.pk)
    record_change(locked, by=by, reason=reason)


class DoctorHasOpenRecords(Exception):
    """Visits that are booked, or prescriptions not dispensed yet, would be left at a hospital without their doctor."""

    code = "doctor_has_open_records"


@transaction.atomic
def move_doctor(*, doctor: Doctor, hospital: Hospital, by: User | None, at: dt.datetime) -> None:
    """The doctor works at another hospital from now on. What they wrote, and visits that were, stay with the old one;
    weekly hours go along, and are published again in the new one's zone.

    Raises: NotPermitted, DoctorHasOpenRecords.
    """
    require(by, Permission.MANAGE_HOSPITALS)
    user = User.objects.select_for_update().get(pk=doctor.pk)
    old = user.hospital_id
    if old == hospital.pk:
        return
    try:
        with transaction.atomic():
            # The doctor's row follows by its foreign key, and is refused there.
            User.objects.filter(pk=user.pk).update(hospital=hospital)
    except IntegrityError as error:
        if _rule_of(error) == _RULE:
            raise DoctorHasOpenRecords from None
        raise
    schedule_publisher().want(user.pk)
    record_change(user, by=by, reason="moved away", hospital_id=old)
    record_change(user, by=by, reason="moved here", hospital_id=hospital.pk)


def _rule_of(error: IntegrityError) -> str | None:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
