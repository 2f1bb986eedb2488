from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models

from core.db.fields import DbForeignKey, TransactionNow
from core.privacy import privacy
from hospitals.models import Hospital


class VapiNumber(models.Model):
    """A phone number the assistant answers, and the hospital it answers for. Digits in E.164 without `+`."""

    number = models.TextField(primary_key=True)
    hospital = DbForeignKey(Hospital, models.CASCADE, db_on_delete="CASCADE", related_name="vapi_numbers")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    privacy = privacy(safe="number hospital created_at")

    if TYPE_CHECKING:
        hospital_id: uuid.UUID

    class Meta:
        db_table = "vapi_numbers"
        indexes = [models.Index(fields=["hospital"], name="vapi_numbers_hospital_idx")]

    def __str__(self) -> str:
        return "number of the assistant"
