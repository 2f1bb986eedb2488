"""The second factor of staff: who needs one, and what a session remembers of it.

The session names the enrolment it was checked against (`User.second_factor_since`), so that one made, reset or made
anew elsewhere asks again, and no request needs a query to know. That is why the package's middleware is not used.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.access_log.record import AccessAction, record_access
from accounts.guessing.counters import take_back_hit
from accounts.models import User
from accounts.permissions import require_for_staff
from accounts.staff_sign_in.tries import (
    SECOND_FACTOR,
    SECOND_FACTOR_DAY,
    Try,
    count_for_person,
    record_failure,
    spend,
    take_back,
)
from core.refusals import Conflict, Invalid
from core.text.digits import typed_code

_CHECKED = "second_factor"
_PENDING = "second_factor_pending"
NUMBER_OF_RECOVERY_CODES = 10
# Without 0/O, 1/l/I: they are written down by hand. 32 ** 24 is 120 bits, so a plain hash keeps them.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 6, 4


def needs_second_factor(user: User) -> bool:
    """Operators where the settings say so, and everyone of a hospital that asks for it."""
    if user.is_operator:
        return bool(settings.OPERATORS_NEED_SECOND_FACTOR)
    return user.hospital is not None and user.hospital.second_factor_required


def mark_checked(session: SessionBase, user: User) -> None:
    session[_CHECKED] = _mark(user)


def is_checked(session: SessionBase, user: User) -> bool:
    return session.get(_CHECKED) == _mark(user)


def _mark(user: User) -> str | None:
    return user.second_factor_since.isoformat() if user.second_factor_since else None


@dataclass(frozen=True, slots=True)
class Pending:
    """Someone whose password was right and whose code is awaited; `next` is where they were going."""

    user: User
    next: str


def await_code(session: SessionBase, user: User, *, next_: str, at: dt.datetime) -> None:
    session.cycle_key()
    session[_PENDING] = {
        "user": str(user.pk),
        # A password changed meanwhile ends this as it ends sessions.
        "hash": user.get_session_auth_hash(),
        "until": (at + settings.SECOND_FACTOR_STEP_LIFETIME).isoformat(),
        "next": next_,
    }


def pending_sign_in(session: SessionBase) -> Pending | None:
    facts: dict[str, Any] | None = session.get(_PENDING)
    if facts is None or timezone.now() >= dt.datetime.fromisoformat(facts["until"]):
        return None
    user = User.objects.select_related("profile", "hospital").filter(pk=facts["user"], is_active=True).first()
    if user is None or not constant_time_compare(facts["hash"], user.get_session_auth_hash()):
        return None
    return Pending(user, facts["next"])


def forget_pending(session: SessionBase) -> None:
    session.pop(_PENDING, None)


class WrongCode(Invalid):
    code = "wrong_code"


class AlreadyHasSecondFactor(Conflict):
    code = "already_has_second_factor"


class SecondFactorNeeded(Conflict):
    """The person may not be without one."""

    code = "second_factor_needed"


class NotYourOwn(Conflict):
    """One's own is removed on one's own page, which asks for the password."""

    code = "not_your_own"


@transaction.atomic
def add_second_factor(*, by: User, key: str, code: str, at: dt.datetime) -> list[str]:
    """Tie an authenticator app, by the hex key it was shown and a code it made; the recovery codes, to show once.

    Raises: AlreadyHasSecondFactor, WrongCode.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if user.has_second_factor:
        raise AlreadyHasSecondFactor
    _forget_devices(user)
    app = TOTPDevice.objects.create(user=user, name="app", key=key)
    if not app.verify_token(_plain(code)):
        raise WrongCode
    by.second_factor_since = user.second_factor_since = at
    user.save(update_fields=["second_factor_since"])
    _record(AccessAction.ADDED_SECOND_FACTOR, user, by)
    return _make_recovery_codes(user)


def check_second_factor(*, user: User, code: str, at: dt.datetime) -> bool:
    """Whether the code is the app's, used for the first time, or a recovery code, which is then spent. Limited."""
    attempt = count_for_person(kind=SECOND_FACTOR, user=user, at=at)
    # What is not compared costs nothing of the day's tries.
    may_try = not attempt.is_locked and spend(
        kind=SECOND_FACTOR_DAY, subject=str(user.pk), most=settings.SECOND_FACTOR_TRIES_A_DAY, at=at
    )
    if not may_try or not _accept(attempt, user, _plain(code), at):
        record_failure(attempt, about=user, reason="second factor")
        return False
    return True


@transaction.atomic
def renew_recovery_codes(*, by: User, at: dt.datetime) -> list[str]:
    """New recovery codes, to show once; the old ones end. The caller has asked for the password."""
    user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    _record(AccessAction.RENEWED_RECOVERY_CODES, user, by)
    return _make_recovery_codes(user)


@transaction.atomic
def remove_second_factor(*, by: User, at: dt.datetime) -> None:
    """Remove one's own. The caller has asked for the password.

    Raises: SecondFactorNeeded.
    """
    if needs_second_factor(by):
        raise SecondFactorNeeded
    _remove(by, by)


@transaction.atomic
def reset_second_factor(*, user: User, by: User | None, at: dt.datetime) -> None:
    """Remove another's, who lost the app and the codes. Where one is needed, the next sign-in asks to add it.

    Raises: NotPermitted, NotYourOwn.
    """
    if by is not None and by.pk == user.pk:
        raise NotYourOwn
    require_for_staff(by, user)
    _remove(user, by)


def recovery_codes_left(user: User) -> int:
    left: int = StaticToken.objects.filter(device__user=user).count()
    return left


@transaction.atomic
def _accept(attempt: Try, user: User, code: str, at: dt.datetime) -> bool:
    """The device's row is locked, so that a code given twice at once is taken once."""
    model = TOTPDevice if code.isdecimal() else StaticDevice
    device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None or not device.verify_token(code if model is TOTPDevice else _stored(code)):
        return False
    take_back(attempt)
    take_back_hit(kind=SECOND_FACTOR_DAY, subject=str(user.pk), at=at)
    return True


def _make_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(NUMBER_OF_RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_stored(_plain(code))) for code in codes])
    return codes


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH))


def _plain(code: str) -> str:
    return typed_code(code).lower()


def _stored(code: str) -> str:
    """A recovery code as the table holds it: the column takes 16 characters, 96 bits of the hash."""
    return base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest())[:16].decode()


def _remove(user: User, by: User | None) -> None:
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _forget_devices(locked)
    user.second_factor_since = locked.second_factor_since = None
    locked.save(update_fields=["second_factor_since"])
    _record(AccessAction.REMOVED_SECOND_FACTOR, locked, by)


def _forget_devices(user: User) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _record(action: AccessAction, user: User, by: User | None) -> None:
    record_access(by=by, action=action, object_kind="user", object_id=user.pk, hospital_id=user.hospital_id)
