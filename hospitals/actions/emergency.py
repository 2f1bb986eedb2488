from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.emergency_phrases import phrases_of
from hospitals.models import Hospital


@transaction.atomic
def save_emergency_answer(*, hospital_id: uuid.UUID, words: str, text: str, by: User, at: dt.datetime) -> Hospital:
    """Keep checked words of an emergency, one a line, and what patients are told then. Empty: the platform's.

    Raises: NotPermitted, Hospital.DoesNotExist.
    """
    require(by, Permission.MANAGE_EMERGENCIES, hospital=hospital_id)
    hospital: Hospital = Hospital.objects.select_for_update().get(pk=hospital_id)
    hospital.emergency_words = "\n".join(phrases_of(words)) or None
    hospital.emergency_text = text.strip() or None
    hospital.save(update_fields=["emergency_words", "emergency_text"])
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOSPITAL,
        object_kind="hospital",
        object_id=hospital.pk,
        hospital_id=hospital.pk,
        reason="emergency",
    )
    return hospital
