from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT

from core.db.fields import DbForeignKey, EnumField, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Hospital
from integrations.models.cal_webhook import CalWebhook


class VapiEvent(models.Model):
    """The allow-listed part of one server message of Vapi; raw bodies carry credentials and are never stored."""

    id = models.BigAutoField(primary_key=True)
    event_type = models.TextField()
    call_id = NullableTextField(null=True)
    projection = models.JSONField()
    # Of the raw bytes: Vapi sends no delivery id.
    body_sha256 = models.TextField()
    status = EnumField(
        enum_type="webhook_status", choices=CalWebhook.Status.choices, db_default=CalWebhook.Status.PENDING
    )
    received_at = models.DateTimeField(db_default=TransactionNow())
    processed_at = models.DateTimeField(null=True)
    notes = NullableTextField(null=True)
    tries = models.IntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True)

    privacy = privacy(
        sensitive="projection notes",
        safe="id event_type call_id body_sha256 status received_at processed_at tries next_try_at",
    )

    class Meta:
        db_table = "vapi_events"
        constraints = [models.UniqueConstraint(fields=["body_sha256"], name="vapi_events_body_sha256_key")]
        indexes = [
            models.Index(fields=["id"], condition=Q(status="PENDING"), name="vapi_events_pending_idx"),
            models.Index(fields=["call_id"], name="vapi_events_call_idx"),
            models.Index(fields=["received_at"], name="vapi_events_received_idx"),
            models.Index(fields=["received_at"], condition=Q(status="FAILED"), name="vapi_events_failed_idx"),
            # Whom to erase is known by the number alone where no patient was found for the call.
            models.Index(KT("projection__caller"), name="vapi_events_caller_idx"),
        ]

    def __str__(self) -> str:
        return f"Vapi event {self.pk}"


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
