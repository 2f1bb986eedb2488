from __future__ import annotations

import datetime as dt
import hmac
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.code_rows import binding_of
from accounts.audit import AccessAction, record_access
from accounts.models import DeviceToken, OneTimeCode, Patient, Role, User
from accounts.one_time_codes import matches
from accounts.refusals import Invalid


class InvalidCode(Invalid):
    """Wrong, used, expired, unknown: never said which."""

    code = "invalid_code"
    message = _("This code is not valid. Ask for a new one if it was sent more than a few minutes ago.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`step_up`: whether the device must prove more before it sees the record."""

    token: str
    expires_at: dt.datetime
    is_new: bool
    step_up: bool


def sign_in_with_code(
    *, challenge_id: uuid.UUID, number: str, code: str, device_name: str, at: dt.datetime
) -> SignedIn:
    """Sign a patient in, making the account at the first time, and return the device's token.

    Raises: InvalidCode.
    """
    signed_in = _try_code(challenge_id, number, code, device_name, at)
    if signed_in is None:
        raise InvalidCode
    return signed_in


@transaction.atomic
def _try_code(challenge_id: uuid.UUID, number: str, code: str, device_name: str, at: dt.datetime) -> SignedIn | None:
    """None, not an exception, for a wrong code: the try that was counted has to be committed."""
    row = _count_try(challenge_id, at)
    if row is None or not _is_right(row, number, code):
        return None
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    found = _patient_of(number)
    return None if found is None else _sign_in(*found, device_name=device_name, at=at)


def _count_try(challenge_id: uuid.UUID, at: dt.datetime) -> OneTimeCode | None:
    """The live code of the challenge, locked, with this try already counted; the last try closes it."""
    live = OneTimeCode.objects.filter(challenge_id=challenge_id, purpose=OneTimeCode.Purpose.SIGN_IN)
    row = live.filter(closed_at=None, expires_at__gt=at).select_for_update().first()
    if row is None:
        return None
    row.tries += 1
    if row.tries >= settings.OTP_MAX_TRIES:
        row.closed_at = at
    row.save(update_fields=["tries", "closed_at"])
    return row


def _is_right(row: OneTimeCode, number: str, code: str) -> bool:
    is_number_right = hmac.compare_digest(row.number.encode(), number.encode())
    return matches(row.otp, code, binding_of(row), keys=settings.OTP_KEYS) and is_number_right


def _patient_of(number: str) -> tuple[User, bool] | None:
    """The number's user, and whether it is new; None where the number may not sign in as a patient."""
    user, is_new = User.objects.get_or_create(phone=number, defaults={"role": Role.PATIENT})
    if not (user.is_patient and user.is_active):
        return None
    Patient.objects.get_or_create(user=user)
    return user, is_new


def _sign_in(user: User, is_new: bool, *, device_name: str, at: dt.datetime) -> SignedIn:
    user.last_login = at
    user.save(update_fields=["last_login"])
    row, token = DeviceToken.objects.create(user=user, device_name=device_name, last_used_at=at)
    record_access(by=user, action=AccessAction.SIGNED_IN, patient_id=user.pk)
    return SignedIn(token=token, expires_at=row.expiry, is_new=is_new, step_up=False)
