"""Who may do what. One source for the admin, the dashboards and the API.

What a role may do is said in `accounts.roles`; with which rows, by the querysets' `.for_user(user)`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from accounts.roles import STAFF_KINDS, Permission
from core.refusals import NotPermitted

if TYPE_CHECKING:
    from accounts.models import User

__all__ = [
    "Permission",
    "has_django_module_permission",
    "has_django_permission",
    "has_permission",
    "permissions_of",
    "require",
    "require_for_staff",
]


_PATIENT_PERMISSIONS = frozenset({Permission.USE_PATIENT_APP})
# An operator runs the platform and opens no patient's record by being one.
_OPERATOR_PERMISSIONS = frozenset(
    {
        Permission.MANAGE_HOSPITALS,
        Permission.MANAGE_STAFF,
        Permission.VIEW_INTEGRATIONS,
        Permission.MANAGE_INTEGRATIONS,
        Permission.VIEW_ACCESS_LOG,
        Permission.BREAK_GLASS,
        Permission.ERASE_PATIENTS,
    }
)
# What a stated reason opens for half an hour, to look at and nothing more (`accounts.access_log.break_glass`).
_UNDER_BREAK_GLASS = frozenset(
    {
        Permission.VIEW_APPOINTMENTS,
        Permission.VIEW_PRESCRIPTIONS,
        Permission.VIEW_AI_SESSIONS,
        Permission.OPEN_TRANSCRIPTS,
    }
)

# Django's permission names (`app.action_model`) that the admin asks for, and the permission that answers.
_VIEW_AND_CHANGE = ("view", "add", "change")
_ADMIN_MODELS: dict[tuple[str, str], tuple[Permission, tuple[str, ...]]] = {
    ("accounts", "accessevent"): (Permission.VIEW_ACCESS_LOG, ("view",)),
    ("hospitals", "hospital"): (Permission.MANAGE_HOSPITALS, _VIEW_AND_CHANGE),
    **{("hospitals", kind.model_name): (Permission.MANAGE_STAFF, _VIEW_AND_CHANGE) for kind in STAFF_KINDS},
    ("clinical", "appointment"): (Permission.VIEW_APPOINTMENTS, ("view",)),
    ("clinical", "prescription"): (Permission.VIEW_PRESCRIPTIONS, ("view",)),
    ("clinical", "aisession"): (Permission.VIEW_AI_SESSIONS, ("view",)),
    ("integrations", "callink"): (Permission.VIEW_INTEGRATIONS, ("view",)),
    ("integrations", "bookingrequest"): (Permission.VIEW_INTEGRATIONS, ("view",)),
    # These belong to no hospital.
    ("integrations", "calwebhook"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "syncrun"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "syncdrift"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "bookinglookup"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "vapievent"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "vapinumber"): (Permission.MANAGE_INTEGRATIONS, _VIEW_AND_CHANGE),
}


def permissions_of(user: User) -> frozenset[Permission]:
    """What the user holds by being who they are. What an operator opened by breaking the glass comes on top."""
    if not user.is_active:
        return frozenset()
    if user.is_operator:
        return _OPERATOR_PERMISSIONS
    if user.is_patient:
        return _PATIENT_PERMISSIONS
    kind = user.staff_kind
    return kind.permissions if kind else frozenset()


def has_permission(user: User, permission: Permission, *, hospital: uuid.UUID | None = None) -> bool:
    """Whether the user holds the permission; with `hospital`, whether there. Operators hold theirs everywhere."""
    if permission in permissions_of(user):
        return hospital is None or user.is_operator or user.hospital_id == hospital
    return permission in _UNDER_BREAK_GLASS and _broke_glass(user, hospital)


def require(by: User | None, *permissions: Permission, hospital: uuid.UUID | None = None) -> None:
    """Refuse who holds none of these; with `hospital`, none there. Nobody (`by` is None) is the program itself.

    Raises: NotPermitted.
    """
    if by is not None and not any(has_permission(by, one, hospital=hospital) for one in permissions):
        raise NotPermitted


def require_for_staff(by: User | None, member: User) -> None:
    """Refuse who may not manage this member of staff. Operators, who have no hospital, are managed by the program.

    Raises: NotPermitted.
    """
    if by is not None and member.hospital_id is None:
        raise NotPermitted
    require(by, Permission.MANAGE_STAFF, hospital=member.hospital_id)


def _broke_glass(user: User, hospital: uuid.UUID | None) -> bool:
    if not (user.is_active and user.is_operator):
        return False
    from accounts.access_log.break_glass import opened_hospitals

    opened = opened_hospitals(user)
    return bool(opened) if hospital is None else hospital in opened


def has_django_permission(user: User, perm: str) -> bool:
    """Django's permission tables are never read: what they hold opens nothing."""
    app_label, _, codename = perm.partition(".")
    action, _, model = codename.partition("_")
    permission, actions = _ADMIN_MODELS.get((app_label, model), (None, ()))
    return permission is not None and action in actions and has_permission(user, permission)


def has_django_module_permission(user: User, app_label: str) -> bool:
    return any(
        label == app_label and has_permission(user, permission) for (label, _), (permission, _) in _ADMIN_MODELS.items()
    )
