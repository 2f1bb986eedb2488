"""Who may do what: roles as code. One source for the admin, the dashboards and the API."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User


class Permission(StrEnum):
    MANAGE_HOSPITALS = "manage_hospitals"
    MANAGE_STAFF = "manage_staff"
    MANAGE_HOURS = "manage_hours"
    VIEW_APPOINTMENTS = "view_appointments"
    VIEW_PRESCRIPTIONS = "view_prescriptions"
    VIEW_AI_SESSIONS = "view_ai_sessions"
    VIEW_INTEGRATIONS = "view_integrations"
    MANAGE_INTEGRATIONS = "manage_integrations"
    TREAT_PATIENTS = "treat_patients"
    DISPENSE = "dispense"
    USE_PATIENT_APP = "use_patient_app"


_ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "PATIENT": frozenset({Permission.USE_PATIENT_APP}),
    "DOCTOR": frozenset({Permission.TREAT_PATIENTS}),
    "PHARMACIST": frozenset({Permission.DISPENSE}),
    "HOSPITAL_ADMIN": frozenset(
        {
            Permission.MANAGE_STAFF,
            Permission.MANAGE_HOURS,
            Permission.VIEW_APPOINTMENTS,
            Permission.VIEW_PRESCRIPTIONS,
            Permission.VIEW_AI_SESSIONS,
            Permission.VIEW_INTEGRATIONS,
        }
    ),
}
# An operator runs the platform and opens no patient's record by being one.
_OPERATOR_PERMISSIONS = frozenset(
    {
        Permission.MANAGE_HOSPITALS,
        Permission.MANAGE_STAFF,
        Permission.VIEW_INTEGRATIONS,
        Permission.MANAGE_INTEGRATIONS,
    }
)

# Django's permission names (`app.action_model`) that the admin asks for, and the permission that answers.
_VIEW_AND_CHANGE = ("view", "add", "change")
_ADMIN_MODELS: dict[tuple[str, str], tuple[Permission, tuple[str, ...]]] = {
    ("hospitals", "hospital"): (Permission.MANAGE_HOSPITALS, _VIEW_AND_CHANGE),
    ("hospitals", "doctor"): (Permission.MANAGE_STAFF, _VIEW_AND_CHANGE),
    ("hospitals", "pharmacist"): (Permission.MANAGE_STAFF, _VIEW_AND_CHANGE),
    ("hospitals", "hospitaladmin"): (Permission.MANAGE_STAFF, _VIEW_AND_CHANGE),
    ("clinical", "appointment"): (Permission.VIEW_APPOINTMENTS, ("view",)),
    ("clinical", "prescription"): (Permission.VIEW_PRESCRIPTIONS, ("view",)),
    ("clinical", "aisession"): (Permission.VIEW_AI_SESSIONS, ("view",)),
    ("integrations", "callink"): (Permission.VIEW_INTEGRATIONS, ("view",)),
    ("integrations", "bookingrequest"): (Permission.VIEW_INTEGRATIONS, ("view",)),
    # These belong to no hospital.
    ("integrations", "calwebhook"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
    ("integrations", "syncrun"): (Permission.MANAGE_INTEGRATIONS, ("view",)),
}


def permissions_of(user: User) -> frozenset[Permission]:
    if not user.is_active:
        return frozenset()
    if user.is_operator:
        return _OPERATOR_PERMISSIONS
    return _ROLE_PERMISSIONS.get(user.role or "", frozenset())


def has_permission(user: User, permission: Permission, *, hospital: uuid.UUID | None = None) -> bool:
    """Whether the user holds the permission; with `hospital`, whether there. Operators hold theirs everywhere."""
    if permission not in permissions_of(user):
        return False
    return hospital is None or user.is_operator or user.hospital_id == hospital


def has_django_permission(user: User, perm: str) -> bool:
    app_label, _, codename = perm.partition(".")
    action, _, model = codename.partition("_")
    permission, actions = _ADMIN_MODELS.get((app_label, model), (None, ()))
    return permission is not None and action in actions and has_permission(user, permission)


def has_django_module_permission(user: User, app_label: str) -> bool:
    held = permissions_of(user)
    return any(label == app_label and permission in held for (label, _), (permission, _) in _ADMIN_MODELS.items())
