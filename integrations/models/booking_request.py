from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import Patient
from clinical.models import Appointment
from core.db.fields import DbForeignKey, GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor


class BookingRequest(models.Model):
    """One write to Cal.com: asked for, sent, and its one true outcome.

    QUEUED is work; SENT whose answer never came becomes UNKNOWN, which is looked up before anything is sent again.
    """

    class Kind(models.TextChoices):
        BOOK = "book", "book"
        RESCHEDULE = "reschedule", "reschedule"
        CANCEL = "cancel", "cancel"
        REASSIGN = "reassign", "reassign"
        MARK_ABSENT = "mark_absent", "mark absent"

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "sent"
        DONE = "done", "done"
        REFUSED = "refused", "refused"
        UNKNOWN = "unknown", "outcome unknown"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField(choices=Kind.choices)
    patient = DbForeignKey(Patient, models.CASCADE, db_on_delete="CASCADE", null=True, related_name="+")
    doctor = DbForeignKey(Doctor, models.CASCADE, db_on_delete="CASCADE", related_name="+")
    appointment = DbForeignKey(
        Appointment, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="booking_requests"
    )
    start_ts = models.DateTimeField(null=True)
    reason = NullableTextField(null=True)
    state = models.TextField(choices=State.choices, db_default=State.QUEUED)
    outcome_code = NullableTextField(null=True)
    booking_uid = NullableTextField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    sent_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True)
    # The patient took it back while its outcome was not known: if it was made after all, it is to be cancelled.
    withdrawn_at = models.DateTimeField(null=True)

    privacy = privacy(
        sensitive="reason booking_uid",
        safe="id kind patient doctor appointment start_ts state outcome_code created_at sent_at resolved_at tries"
        " next_try_at withdrawn_at",
    )

    if TYPE_CHECKING:
        patient_id: uuid.UUID | None
        doctor_id: uuid.UUID
        appointment_id: uuid.UUID | None

    class Meta:
        db_table = "booking_requests"
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["queued", "sent", "unknown"]),
                name="booking_requests_open_idx",
            ),
            models.Index(fields=["patient", "created_at"], name="booking_requests_patient_idx"),
            models.Index(
                fields=["withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="booking_requests_withdrawn_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"booking request {self.pk}"


class BookingLookup(models.Model):
    """A uid that Cal.com must be asked about: what was told does not say enough.

    A row with `due_at` is work. One without was given up, and `last_error` says why; asking again revives it.
    """

    uid = models.TextField(primary_key=True)
    reason = models.TextField()
    queued_at = models.DateTimeField(db_default=TransactionNow())
    due_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)
    last_error = NullableTextField(null=True)

    privacy = privacy(sensitive="uid", safe="reason queued_at due_at tries last_error")

    class Meta:
        db_table = "booking_lookups"
        indexes = [models.Index(fields=["due_at"], name="booking_lookups_due_idx")]

    def __str__(self) -> str:
        return "booking look-up"
