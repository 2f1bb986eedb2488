from __future__ import annotations

import datetime as dt
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS, knox_settings
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.devices.step_up import StepUpRequired
from accounts.models import DeviceToken, User
from accounts.permissions import Permission, has_permission
from core.db.prepared import Parameter, PreparedRead

if TYPE_CHECKING:
    # At run time a circle: the framework loads this module by its settings' name.
    from rest_framework.views import APIView


class BearerAuthentication(TokenAuthentication):
    """knox's, with one query a request, and one write a day that keeps the token alive and notes its use."""

    def authenticate(self, request: Request) -> tuple[User, DeviceToken] | None:
        token = presented_token(request)
        return None if token is None else self.authenticate_credentials(token)

    def authenticate_credentials(self, token: str) -> tuple[User, DeviceToken]:
        if not (token.isascii() and token.isalnum()):
            raise AuthenticationFailed(_("Invalid token."))
        digest = hash_token(token)
        for row in _TOKENS.rows(token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH]):
            if compare_digest(digest, row["digest"]):
                return self._accepted(_token_of(row))
        raise AuthenticationFailed(_("Invalid token."))

    def _accepted(self, auth_token: DeviceToken) -> tuple[User, DeviceToken]:
        if auth_token.expiry is None or auth_token.expiry < timezone.now():
            raise AuthenticationFailed(_("Invalid token."))
        self.renew_token(auth_token)
        user, _token = self.validate_user(auth_token)
        return user, auth_token

    def renew_token(self, auth_token: DeviceToken) -> None:
        now = timezone.now()
        expiry = now + knox_settings.TOKEN_TTL
        if expiry - auth_token.expiry > dt.timedelta(seconds=knox_settings.MIN_REFRESH_INTERVAL):
            auth_token.expiry, auth_token.last_used_at = expiry, now
            auth_token.save(update_fields=["expiry", "last_used_at"])


class IsPatient(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return isinstance(user, User) and has_permission(user, Permission.USE_PATIENT_APP)


class IsSteppedUp(BasePermission):
    """Closes what is about the person to a device that has proven the phone alone.

    Calls are closed unless they say otherwise: see `OPEN_BEFORE_STEP_UP`.
    """

    is_step_up_asked = True

    def has_permission(self, request: Request, view: APIView) -> bool:
        token: Any = request.auth
        if isinstance(token, DeviceToken) and token.needs_step_up:
            raise StepUpRequired
        return True


# `permission_classes` of what a device may call before its step-up.
OPEN_BEFORE_STEP_UP = [IsPatient]


_TOKEN_FIELDS = [field.attname for field in DeviceToken._meta.concrete_fields]
# What decides who calls; the rest, secrets among it, is read where it is asked for.
_USER_FIELDS = ["id", "phone", "role", "hospital_id", "is_active", "is_superuser"]
_USER: Any = DeviceToken._meta.get_field("user")
_TOKENS = PreparedRead(
    lambda: DeviceToken.objects.filter(token_key=Parameter("token_key")).values(
        *_TOKEN_FIELDS, *(f"user__{name}" for name in _USER_FIELDS)
    )
)


def _token_of(row: dict[str, Any]) -> DeviceToken:
    """By hand: read as models, the token makes one visit 0.6 times as fast (`make bench`, 10,000 appointments)."""
    token: DeviceToken = DeviceToken.from_db("default", _TOKEN_FIELDS, [row[name] for name in _TOKEN_FIELDS])
    user = User.from_db("default", _USER_FIELDS, [row[f"user__{name}"] for name in _USER_FIELDS])
    # Not `token.user = user`, which asks the database routers.
    _USER.set_cached_value(token, user)
    return token


def presented_token(request: Request | HttpRequest) -> str | None:
    """The token in the header. Where a call needs none, it says which device calls, even after it has expired."""
    # Not `request.headers`, which takes every header of the call apart.
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else None


def current_token(request: Request) -> DeviceToken:
    """The request's token, where `IsPatient` has let it through."""
    token: Any = request.auth
    if not isinstance(token, DeviceToken):
        raise TypeError("the view lets a request without a token through")
    return token


def signed_in_patient(request: Request) -> User:
    """The request's user, where `IsPatient` has let it through."""
    user: Any = request.user
    if not isinstance(user, User):
        raise TypeError("the view lets a request without a user through")
    return user
