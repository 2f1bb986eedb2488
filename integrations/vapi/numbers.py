"""Whose phone a number is: a patient's who calls, or the hospital's that was called."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from core.phone_numbers import InvalidPhone, parse_phone
from integrations.models import VapiNumber


def digits_of(number: str | None) -> str | None:
    """The digits of a number in E.164, however it is spaced; None for one that is withheld or no number."""
    try:
        # Wherever they call from: which countries we send messages to is another matter.
        return parse_phone(number, countries=()) if number else None
    except InvalidPhone:
        return None


def hospital_called(number: str | None) -> uuid.UUID | None:
    """The hospital the assistant answers for at this number."""
    digits = digits_of(number)
    return VapiNumber.objects.filter(number=digits).values_list("hospital_id", flat=True).first() if digits else None


@transaction.atomic
def save_number(*, number: VapiNumber, by: User | None, at: dt.datetime) -> VapiNumber:
    """Keep a checked number. Calls that were before stay where they are. Raises: NotPermitted."""
    require(by, Permission.MANAGE_INTEGRATIONS)
    number.save()
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOSPITAL,
        object_kind="hospital",
        object_id=number.hospital_id,
        hospital_id=number.hospital_id,
        reason="assistant_number",
    )
    return number
