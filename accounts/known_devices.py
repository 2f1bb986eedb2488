"""Devices that a patient has signed in from, known by the token they hold, even an expired one."""

from __future__ import annotations

import datetime as dt

from knox.crypto import hash_token

from accounts.models import DeviceToken, LoginDevice

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
