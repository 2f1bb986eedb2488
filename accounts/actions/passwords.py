from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.audit import AccessAction, record_access
from accounts.models import User


@transaction.atomic
def change_own_password(*, by: User, password: str, at: dt.datetime) -> User:
    """Set one's own password, which ends what made it temporary, and by its hash every other session."""
    user = User.objects.select_for_update().get(pk=by.pk)
    user.set_password(password)
    user.password_temp = user.force_password_change = False
    user.password_changed_at = at
    user.save(update_fields=["password", "password_temp", "force_password_change", "password_changed_at"])
    record_access(by=by, action=AccessAction.CHANGED_PASSWORD, object_kind="user", object_id=user.pk)
    return user
