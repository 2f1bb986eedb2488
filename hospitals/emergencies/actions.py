"""A hospital's own words of an emergency: one a line, as its admin writes them. No ORM, no clock."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.models import Hospital

MOST_PHRASES = 100
LONGEST_PHRASE = 60
# Fewer signs would be in any message. Scripts that write a word as one or two signs are above this.
LEAST_LETTERS = 3
_SHORT_WORDS_FROM = "\u0e00"


def phrases_of(text: str | None) -> tuple[str, ...]:
    """Each once, in its order."""
    lines = (" ".join(line.split()) for line in (text or "").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def is_usable(phrase: str) -> bool:
    letters = [sign for sign in phrase if sign.isalnum()]
    is_short_script = any(sign >= _SHORT_WORDS_FROM for sign in letters)
    return len(phrase) <= LONGEST_PHRASE and len(letters) >= (1 if is_short_script else LEAST_LETTERS)


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
