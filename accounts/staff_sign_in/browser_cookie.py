"""The cookie by which a browser is known: a signed random secret that signs nobody in.

One browser has one secret, whoever signs in there; `LoginDevice` says for whom it is known.
"""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_SALT = "accounts.device"


def device_secret(request: HttpRequest | None) -> str | None:
    """The browser's secret; None where there is none, or one that we did not sign."""
    if request is None:
        return None
    age = settings.DEVICE_COOKIE_AGE
    return request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, default=None, salt=_SALT, max_age=age)


def make_device_secret() -> str:
    return secrets.token_urlsafe(32)


def hash_device_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def set_device_cookie(response: HttpResponse, secret: str) -> None:
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME,
        secret,
        salt=_SALT,
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
