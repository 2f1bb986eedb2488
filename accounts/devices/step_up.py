"""Opening the record to a device that so far has proven the phone alone."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.guessing.counters import clear, count_hit, forget, hits_of, step_ups_locked
from accounts.models import DeviceToken, LoginDevice, Patient, User
from core.rate_windows import FOREVER, Limit
from core.refusals import Forbidden, Invalid, TooOften

TRIES = "step_up"


class StepUpRequired(Forbidden):
    code = "step_up_required"
    message = _("This device is new: give your date of birth first.")


class StepUpLocked(Forbidden):
    code = "step_up_locked"
    message = _("Too many tries. Please ask your hospital to check who you are.")


class WrongBirthDate(Invalid):
    code = "wrong_birth_date"
    message = _("This is not the date of birth we have on file.")


def step_up(*, by: User, token: DeviceToken, birth_date: dt.date, at: dt.datetime) -> None:
    """Lift the limits of the token's device. Tries count for the person, on whatever device they are made.

    Raises: WrongBirthDate, StepUpLocked.
    """
    if token.needs_step_up and not _try(by, token, birth_date, at):
        raise WrongBirthDate


def forget_step_ups(patient_id: uuid.UUID) -> None:
    """Start the count of wrong dates anew."""
    forget(kinds=[TRIES], subjects=[str(patient_id)])


def is_step_up_locked(patient_id: uuid.UUID) -> bool:
    return len(hits_of(kind=TRIES, subject=str(patient_id))) >= settings.STEP_UP_MAX_TRIES


@transaction.atomic
def _try(by: User, token: DeviceToken, birth_date: dt.date, at: dt.datetime) -> bool:
    """False, not an exception, for a wrong date: the try that was counted has to be committed."""
    limit = Limit(settings.STEP_UP_MAX_TRIES, FOREVER)
    try:
        hit = count_hit(kind=TRIES, subject=str(by.pk), limit=limit, at=at)
    except TooOften:
        raise StepUpLocked from None
    on_file = Patient.objects.values_list("date_of_birth", flat=True).get(pk=by.pk)
    # Taken off the file since: there is nothing to ask for.
    if on_file is not None and on_file != birth_date:
        if len(hit.hits) >= limit.most:
            step_ups_locked.inc()
            record_access(by=by, action=AccessAction.STEP_UP_LOCKED, patient_id=by.pk)
        return False
    clear(kind=TRIES, subject=str(by.pk))
    DeviceToken.objects.filter(pk=token.pk).update(needs_step_up=False)
    LoginDevice.objects.filter(user=by, secret_hash=token.digest).update(stepped_up_at=at)
    record_access(by=by, action=AccessAction.STEPPED_UP, patient_id=by.pk)
    return True


@dataclass(frozen=True, slots=True)
class KnownUse:
    """What is known of a device: when it was last used, and whether it ever proved more than the phone."""

    last_used_at: dt.datetime
    is_proven: bool


def needs_step_up(
    *, birth_date: dt.date | None, device: KnownUse | None, at: dt.datetime, unused_for: dt.timedelta
) -> bool:
    """Whether a device that has just proven the phone must prove the birth date too. None on file: nothing to ask."""
    if birth_date is None:
        return False
    return device is None or not device.is_proven or at - device.last_used_at >= unused_for
