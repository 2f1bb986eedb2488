"""What an authenticator app does with the key it was shown."""

from __future__ import annotations

import datetime as dt

from django_otp.oath import TOTP

KEY = "3132333435363738393031323334353637383930"


def code_at(at: dt.datetime, key: str = KEY) -> str:
    totp = TOTP(bytes.fromhex(key))
    totp.time = at.timestamp()
    return f"{totp.token():06d}"
