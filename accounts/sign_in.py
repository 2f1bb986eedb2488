"""Sign-in of staff by email and password."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest

from accounts.audit import AccessAction, record_access
from accounts.hashers import BARE_PREFIXES, BareBcryptHasher
from accounts.models import User

_WELL_FORMED = re.compile(r"(bcrypt_sha256|bcrypt_bare)\$\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
# A password longer than this is no password: hashing it would only cost time.
MAX_PASSWORD_LENGTH = 1024


class EmailBackend(BaseBackend):
    """Staff and operators by email, whatever its case. Patients have no password here, whatever their row says.

    Unknown, inactive, without a password, malformed hash and wrong password get the same answer for the same work.
    """

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if not email or not password or "\x00" in email:
            return None
        if len(password) > MAX_PASSWORD_LENGTH:
            return None
        user = _staff().alias(any_case=Lower("email")).filter(any_case=Lower(Value(email.strip()))).first()
        if user is None:
            make_password(password)  # the work of a check
            return None
        return user if _verify(user, password) else None

    def get_user(self, user_id: uuid.UUID | str) -> User | None:
        # With what every page shows of the person.
        return _staff().select_related("profile", "hospital").filter(pk=user_id).first()


def _staff() -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(role="PATIENT")


def _verify(user: User, password: str) -> bool:
    """Check, and on success store a hash of another form or cost anew, unless the password changed meanwhile."""
    stored = user.password
    encoded = stored or ""
    if encoded.startswith(BARE_PREFIXES):
        encoded = f"{BareBcryptHasher.algorithm}${encoded}"
    if not _WELL_FORMED.fullmatch(encoded):
        encoded = ""  # nothing verifies against it, and Django spends a hash's time on it

    def store_anew(raw: str) -> None:
        renewed = make_password(raw)
        if User.objects.filter(pk=user.pk, password=stored).update(password=renewed):
            user.password = renewed

    return check_password(password, encoded, store_anew)


@transaction.atomic
def start_session(request: HttpRequest, *, user: User) -> None:
    """A new session under a new key; `last_login` and the access log say so."""
    login(request, user)
    record_access(by=user, action=AccessAction.SIGNED_IN, object_kind="user", object_id=user.pk)
