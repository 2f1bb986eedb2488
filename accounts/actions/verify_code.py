from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.actions.code_limits import Caller, caller_of
from accounts.actions.take_code import Guess, InvalidCode, take_code
from accounts.actions.tokens import give_token
from accounts.models import OneTimeCode, Patient, Role, User

__all__ = ["InvalidCode", "SignedIn", "sign_in_with_code"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`step_up`: whether the device must prove more before it sees the record."""

    token: str
    expires_at: dt.datetime
    is_new: bool
    step_up: bool


def sign_in_with_code(
    *,
    challenge_id: uuid.UUID,
    number: str,
    code: str,
    device_name: str,
    device_token: str | None = None,
    at: dt.datetime,
) -> SignedIn:
    """Sign a patient in, making the account at the first time, and return the device's token.

    `device_token` is the token the device had before, expired or not; it ends.

    Raises: InvalidCode, TooOften.
    """
    guess = Guess(challenge_id=challenge_id, purpose=OneTimeCode.Purpose.SIGN_IN, code=code)
    signed_in = _try_code(guess, number=number, device_token=device_token, device_name=device_name, at=at)
    if signed_in is None:
        raise InvalidCode
    return signed_in


@transaction.atomic
def _try_code(
    guess: Guess, *, number: str, device_token: str | None, device_name: str, at: dt.datetime
) -> SignedIn | None:
    """None, not an exception, for a wrong code: the try that was counted has to be committed."""
    caller = caller_of(number=number, device_token=device_token)
    counted = take_code(guess, caller, at=at)
    found = None if counted is None else _patient_of(number)
    if counted is None or found is None:
        return None
    for count in counted:
        count.take_back()
    return _sign_in(*found, caller=caller, device_name=device_name, at=at)


def _patient_of(number: str) -> tuple[Patient, bool] | None:
    """The number's patient, and whether it is new; None where the number may not sign in as a patient."""
    user, is_new = User.objects.get_or_create(phone=number, defaults={"role": Role.PATIENT})
    if not (user.is_patient and user.is_active):
        return None
    patient, _ = Patient.objects.get_or_create(user=user)
    return patient, is_new


def _sign_in(patient: Patient, is_new: bool, *, caller: Caller, device_name: str, at: dt.datetime) -> SignedIn:
    user = patient.user
    user.last_login = at
    user.save(update_fields=["last_login"])
    row, secret = give_token(patient=patient, device=caller.device, device_name=device_name, at=at)
    record_access(by=user, action=AccessAction.SIGNED_IN, patient_id=user.pk)
    return SignedIn(token=secret, expires_at=row.expiry, is_new=is_new, step_up=row.needs_step_up)
