"""Devices that a patient has signed in from, known by the token they hold, even an expired one."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from knox.crypto import hash_token

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.step_up import KnownUse, needs_step_up
from accounts.models import DeviceToken, LoginDevice, Patient, User

LONGEST_TOKEN = 256


def known_device(*, number: str, token: str | None) -> LoginDevice | None:
    """The device, if it has been the number's person's. A token of somebody else's makes no device known."""
    if not token or len(token) > LONGEST_TOKEN or not (token.isascii() and token.isalnum()):
        return None
    devices = LoginDevice.objects.filter(user__phone=number, user__role="PATIENT", secret_hash=hash_token(token))
    return devices.first()


def last_used_at(device: LoginDevice) -> dt.datetime:
    """The token's use is noted daily, the device's only at sign-in."""
    used_at = DeviceToken.objects.filter(digest=device.secret_hash).values_list("last_used_at", flat=True).first()
    return max(used_at, device.last_seen_at) if used_at else device.last_seen_at


def give_token(
    *, patient: Patient, device: LoginDevice | None, device_name: str, at: dt.datetime
) -> tuple[DeviceToken, str]:
    """A token for a device that has just proven the phone, and its secret. A known device's earlier token ends.

    Call inside the transaction of the sign-in.
    """
    needs = _needs_step_up(patient, device, at)
    if device is not None:
        DeviceToken.objects.filter(digest=device.secret_hash).delete()
    row, secret = DeviceToken.objects.create(
        user=patient.user, device_name=device_name, last_used_at=at, needs_step_up=needs
    )
    known = device or LoginDevice(user=patient.user, created_at=at)
    known.secret_hash, known.name, known.last_seen_at = row.digest, device_name, at
    known.stepped_up_at = None if needs else at
    known.save()
    return row, secret


@transaction.atomic
def sign_out(*, by: User, token: DeviceToken, at: dt.datetime) -> None:
    """End this device's token. The device stays known, should it keep the token to show it at the next sign-in."""
    DeviceToken.objects.filter(pk=token.pk).delete()
    _record(by, token.public_id)


@transaction.atomic
def revoke_device(*, by: User, device_id: uuid.UUID, at: dt.datetime) -> None:
    """Sign one of the person's devices out, and forget it.

    Raises: DeviceToken.DoesNotExist for a device that is not theirs.
    """
    token = DeviceToken.objects.select_for_update().get(user=by, public_id=device_id)
    LoginDevice.objects.filter(user=by, secret_hash=token.digest).delete()
    token.delete()
    _record(by, device_id)


@transaction.atomic
def revoke_all_devices(*, by: User, at: dt.datetime) -> int:
    """Sign every device of the person out, and forget them; the number of devices."""
    revoked: int = DeviceToken.objects.filter(user=by).delete()[0]
    LoginDevice.objects.filter(user=by).delete()
    _record(by, "all")
    return revoked


def revoke_other_devices(*, by: User, token: DeviceToken) -> None:
    """Sign out and forget all devices but the one that holds the token. Call inside the action that has the reason."""
    DeviceToken.objects.filter(user=by).exclude(pk=token.pk).delete()
    LoginDevice.objects.filter(user=by).exclude(secret_hash=token.digest).delete()


def _needs_step_up(patient: Patient, device: LoginDevice | None, at: dt.datetime) -> bool:
    use = None
    if device is not None:
        use = KnownUse(last_used_at=last_used_at(device), is_proven=device.stepped_up_at is not None)
    return needs_step_up(birth_date=patient.date_of_birth, device=use, at=at, unused_for=settings.STEP_UP_UNUSED_FOR)


def _record(by: User, device: uuid.UUID | str) -> None:
    record_access(by=by, action=AccessAction.SIGNED_OUT, patient_id=by.pk, object_kind="device", object_id=device)
