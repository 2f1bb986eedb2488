"""Who may have something done in Cal.com: the hospital's admin, who keeps the hours, and the operator."""

from __future__ import annotations

import uuid

from accounts.models import User
from accounts.permissions import Permission, has_permission, require

_EITHER = (Permission.MANAGE_HOURS, Permission.MANAGE_INTEGRATIONS)


def may_publish(user: User, hospital_id: uuid.UUID) -> bool:
    return any(has_permission(user, one, hospital=hospital_id) for one in _EITHER)


def require_to_publish(by: User | None, hospital_id: uuid.UUID) -> None:
    """Raises: NotPermitted."""
    require(by, *_EITHER, hospital=hospital_id)


def require_to_type_ids(by: User | None) -> None:
    """Ids that somebody typed lead to any user of the organisation. Raises: NotPermitted."""
    require(by, Permission.MANAGE_INTEGRATIONS)
