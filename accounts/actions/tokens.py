from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.audit import AccessAction, record_access
from accounts.models import DeviceToken, User


@transaction.atomic
def revoke_device(*, by: User, device_id: uuid.UUID, at: dt.datetime) -> None:
    """Sign one of the person's devices out.

    Raises: DeviceToken.DoesNotExist for a device that is not theirs.
    """
    DeviceToken.objects.select_for_update().get(user=by, public_id=device_id).delete()
    _record(by, device_id)


@transaction.atomic
def revoke_all_devices(*, by: User, at: dt.datetime) -> int:
    """Sign every device of the person out; the number of devices."""
    revoked: int = DeviceToken.objects.filter(user=by).delete()[0]
    _record(by, "all")
    return revoked


def _record(by: User, device: uuid.UUID | str) -> None:
    record_access(by=by, action=AccessAction.SIGNED_OUT, patient_id=by.pk, object_kind="device", object_id=device)
