"""Letting a patient's new device try the date of birth again."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.step_up import forget_step_ups
from accounts.models import User
from clinical.querysets import open_patient
from core.refusals import NotPermitted


@transaction.atomic
def release_step_up(*, by: User, patient_id: uuid.UUID, at: dt.datetime) -> None:
    """Let a patient try again, after a doctor to whom the record is open has checked who they are.

    Raises: NotPermitted.
    """
    if open_patient(by, patient_id) is None:
        raise NotPermitted
    forget_step_ups(patient_id)
    record_access(
        by=by,
        action=AccessAction.RELEASED_STEP_UP,
        patient_id=patient_id,
        object_kind="patient",
        object_id=patient_id,
    )
