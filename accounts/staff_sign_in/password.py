"""Sign-in of staff by email and password; bare bcrypt hashes that other programs left in the table verify too."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import bcrypt
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import BCryptPasswordHasher, BCryptSHA256PasswordHasher, check_password, make_password
from django.db import connection, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import LoginDevice, User
from accounts.staff_sign_in.sessions import device_secret, hash_device_secret, make_device_secret
from accounts.staff_sign_in.tries import OWN_PASSWORD, Try, count_for_person, count_sign_in, record_failure, take_back
from core.refusals import Forbidden

# bcrypt reads no more of a password than this; programs that stored bare hashes cut it off too.
BCRYPT_MAX_BYTES = 72
BARE_PREFIXES = ("$2a$", "$2b$", "$2y$")
_WELL_FORMED = re.compile(r"(bcrypt_sha256|bcrypt_bare)\$\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
# A password longer than this is no password: hashing it would only cost time.
MAX_PASSWORD_LENGTH = 1024


class BcryptSha256Hasher(BCryptSHA256PasswordHasher):
    """Django's, with the cost from `BCRYPT_ROUNDS`, and a malformed hash simply wrong."""

    @property
    def rounds(self) -> int:  # type: ignore[override]
        return int(settings.BCRYPT_ROUNDS)

    def verify(self, password: str, encoded: str) -> bool:
        try:
            return super().verify(password, encoded)
        except (ValueError, AssertionError, IndexError):
            return False


class BareBcryptHasher(BCryptPasswordHasher):
    """Verifies `bcrypt_bare$<hash>`, the form that `password` gives a bare `$2a$` or `$2b$` hash. Never encodes."""

    algorithm = "bcrypt_bare"

    def verify(self, password: str, encoded: str) -> bool:
        bare = encoded.removeprefix(f"{self.algorithm}$").encode()
        try:
            return bcrypt.checkpw(password.encode()[:BCRYPT_MAX_BYTES], bare)
        except ValueError:
            return False

    def must_update(self, encoded: str) -> bool:
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out: the preferred hasher runs next, to re-encode."""


class HospitalNotInUse(Forbidden):
    code = "hospital_not_in_use"
    message = _("Your hospital is not in use here, so its staff cannot sign in. Please ask who runs this platform.")


class EmailBackend(BaseBackend):
    """Staff and operators by email, whatever its case. Patients have no password here, whatever their row says.

    Unknown, inactive, locked, without a password, malformed hash and wrong password get the same answer for the same
    work: one try counted, one hash, one outcome put on record (none while the account, or the email, is closed).
    """

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_others: Any
    ) -> User | None:
        if not email or not password or "\x00" in email:
            return None
        if len(password) > MAX_PASSWORD_LENGTH:
            return None
        return try_password(email=email, password=password, device_secret=device_secret(request), at=timezone.now())

    def get_user(self, user_id: uuid.UUID | str) -> User | None:
        """None ends the session: who was deactivated, or whose hospital is not in use any more."""
        # With what every page shows of the person.
        found = _staff().select_related("profile", "hospital").filter(pk=user_id).first()
        return None if found is None or is_shut_out(found) else found


def try_password(*, email: str, password: str, device_secret: str | None, at: dt.datetime) -> User | None:
    """Who that is, or None: never why not. Counted before it is compared; nothing is locked while hashing.

    Raises: HospitalNotInUse, once the password is proven.
    """
    found = _with_email(email)
    user = found if found is not None and _may_sign_in(found) else None
    attempt = count_sign_in(email=email, user=user, device_secret=device_secret, at=at)
    _release_connection()
    if user is None or attempt.is_locked:
        make_password(password)  # the work of a check
        is_right = False
    else:
        is_right = _verify(user, password) and not _has_expired(user, at)
    signed_in = _accept(attempt, user) if is_right and user else None
    if signed_in is None:
        record_failure(attempt, about=found, reason="password" if user else "may not sign in")
    elif is_shut_out(signed_in):
        record_failure(attempt, about=found, reason="hospital not in use")
        raise HospitalNotInUse
    return signed_in


def prove_own_password(*, user: User, password: str, at: dt.datetime) -> bool:
    """Whether one who is signed in knows their password: asked before what a stolen session must not do. Limited."""
    attempt = count_for_person(kind=OWN_PASSWORD, user=user, at=at)
    _release_connection()
    if attempt.is_locked or not _verify(user, password):
        record_failure(attempt, about=user, reason="own password")
        return False
    with transaction.atomic():
        take_back(attempt)
    return True


@transaction.atomic
def start_session(request: HttpRequest, *, user: User) -> None:
    """A new session under a new key; `last_login` and the access log say so."""
    login(request, user)
    record_access(by=user, action=AccessAction.SIGNED_IN, object_kind="user", object_id=user.pk)


@transaction.atomic
def remember_device(*, user: User, secret: str | None, at: dt.datetime) -> str:
    """The secret by which this browser is known for the user from now on; the one it has, where it has one."""
    secret = secret or make_device_secret()
    device = LoginDevice(user=user, secret_hash=hash_device_secret(secret), last_seen_at=at)
    LoginDevice.objects.bulk_create(
        [device], update_conflicts=True, unique_fields=["user", "secret_hash"], update_fields=["last_seen_at"]
    )
    return secret


def staff_with_email(email: str) -> User | None:
    """Who may sign in with the email."""
    found = _with_email(email)
    return found if found is not None and _may_sign_in(found) else None


def _with_email(email: str) -> User | None:
    return User.objects.alias(any_case=Lower("email")).filter(any_case=Lower(Value(email.strip()))).first()


def _may_sign_in(user: User) -> bool:
    return user.is_active and not user.is_patient


def is_shut_out(user: User) -> bool:
    """Staff of a hospital that is not in use have no access."""
    return user.hospital is not None and not user.hospital.is_active


def _staff() -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(role="PATIENT")


def _has_expired(user: User, at: dt.datetime) -> bool:
    """Whether the password was a temporary one, for too long."""
    expires_at = user.temporary_password_expires_at
    return user.must_change_password and expires_at is not None and at >= expires_at


@transaction.atomic
def _accept(attempt: Try, user: User) -> User | None:
    """The user as the row is now; None where it was deactivated or got another password since it was read."""
    rows = _staff().filter(pk=user.pk, password=user.password)
    fresh = rows.select_related("profile", "hospital").select_for_update(no_key=True, of=("self",)).first()
    if fresh is not None:
        take_back(attempt)
    return fresh


def _release_connection() -> None:
    """Hashing takes a quarter of a second; a pool of connections is not to wait for it."""
    if not connection.in_atomic_block:
        connection.close()


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
