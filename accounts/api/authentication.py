from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.settings import knox_settings
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import DeviceToken, User
from accounts.permissions import Permission, has_permission

if TYPE_CHECKING:
    # At run time a circle: the framework loads this module by its settings' name.
    from rest_framework.views import APIView


class BearerAuthentication(TokenAuthentication):
    """knox's, with one query a request, and one write a day that keeps the token alive and notes its use."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, DeviceToken]:
        if not (token.isascii() and token.isalnum()):
            raise AuthenticationFailed(_("Invalid token."))
        user, auth_token = super().authenticate_credentials(token)
        return user, auth_token

    def _cleanup_token(self, auth_token: DeviceToken) -> bool:
        """Whether the token has expired. knox would load and delete all of the person's; a daily task does that."""
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()

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


def signed_in_patient(request: Request) -> User:
    """The request's user, where `IsPatient` has let it through."""
    user: Any = request.user
    if not isinstance(user, User):
        raise TypeError("the view lets a request without a user through")
    return user
