"""Since when a number is a person's: it may have been another's before."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.access_log.record import AccessAction
from accounts.models import AccessEvent


def number_taken_at(user_id: uuid.UUID) -> dt.datetime | None:
    """When the person changed to the number they have now; None for who never changed it."""
    changes = AccessEvent.objects.filter(patient_id=user_id, action=AccessAction.CHANGED_PHONE).order_by("-id")
    return changes.values_list("at", flat=True).first()
