from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Patient, User
from clinical.querysets import PrescriptionQuerySet
from core.db.fields import DbForeignKey, EnumField, GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor, Hospital, Pharmacist


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    model_name="PrescriptionHistory",
    meta={"db_table": "prescription_history"},
)
class Prescription(models.Model):
    """A prescription and where it stands; a trigger holds the moves between states (`docs/data.md`).

    `pharmacist` is who claimed it. Patient, doctor and medications never change: a correction is a withdrawal and a
    new prescription.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "waiting"
        APPROVED = "APPROVED", "approved"
        DENIED = "DENIED", "denied"
        COMPLETED = "COMPLETED", "dispensed"

    class DenialReason(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock", "out of stock"
        CLARIFY = "clarify", "needs clarification"
        INTERACTION = "interaction", "interaction"
        DUPLICATE = "duplicate", "duplicate"
        DOSE = "dose", "dose"
        ALLERGY = "allergy", "allergy"
        WITHDRAWN = "withdrawn", "withdrawn by the prescriber"
        EXPIRED = "expired", "expired"
        OTHER = "other", "other"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    patient = DbForeignKey(Patient, models.PROTECT, db_on_delete="RESTRICT", related_name="prescriptions")
    doctor = DbForeignKey(Doctor, models.PROTECT, db_on_delete="RESTRICT", related_name="prescriptions")
    pharmacist = DbForeignKey(
        Pharmacist, models.SET_NULL, db_on_delete="SET NULL", null=True, blank=True, related_name="prescriptions"
    )
    medications = models.JSONField()
    status = EnumField(enum_type="prescription_status", choices=Status.choices, db_default=Status.PENDING)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    updated_at = models.DateTimeField(null=True, blank=True, editable=False)

    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", null=True, blank=True, related_name="+")
    denial_reason = models.TextField(null=True, blank=True, choices=DenialReason.choices)
    denial_note = NullableTextField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    dispensed_lines = models.JSONField(null=True, blank=True)
    # Lines, from 1, that the prescriber was warned of as duplicates and prescribed all the same.
    confirmed_duplicates = ArrayField(models.SmallIntegerField(), null=True, blank=True)
    # Why the present pharmacist took it from a colleague; NULL where nobody had it.
    take_over_reason = NullableTextField(null=True, blank=True)
    # When the prescriber dealt with its rejection or expiry: dismissed it, or sent another in its place.
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        sensitive="medications denial_note dispensed_lines denial_reason confirmed_duplicates take_over_reason",
        safe="id patient doctor pharmacist status created_at updated_at hospital claimed_at decided_at completed_at"
        " acknowledged_at",
    )

    objects = PrescriptionQuerySet.as_manager()

    if TYPE_CHECKING:
        patient_id: uuid.UUID
        doctor_id: uuid.UUID
        pharmacist_id: uuid.UUID | None
        hospital_id: uuid.UUID | None

    class Meta:
        db_table = "prescriptions"
        db_table_comment = "Tracks the lifecycle of a medical prescription."
        indexes = [
            models.Index(fields=["patient"], name="idx_prescriptions_patient"),
            models.Index(fields=["doctor"], name="idx_prescriptions_doctor"),
            models.Index(fields=["pharmacist"], name="idx_prescriptions_pharmacist"),
            models.Index(fields=["hospital", "-created_at"], name="prescriptions_hospital_idx"),
            models.Index(fields=["doctor", "-created_at"], name="prescriptions_doctor_idx"),
            models.Index(
                fields=["doctor", "-decided_at"],
                condition=Q(status="DENIED", acknowledged_at__isnull=True),
                name="prescriptions_unsettled_idx",
            ),
            models.Index(
                fields=["hospital", "created_at"],
                condition=Q(status__in=["PENDING", "APPROVED"]),
                name="prescriptions_open_idx",
            ),
            models.Index(
                fields=["hospital", "created_at", "id"],
                condition=Q(status__in=["PENDING", "APPROVED"], pharmacist__isnull=True),
                name="prescriptions_waiting_idx",
            ),
            models.Index(
                fields=["hospital", "-decided_at"],
                condition=Q(status="DENIED"),
                name="prescriptions_denied_idx",
            ),
            models.Index(
                fields=["hospital", "-completed_at"],
                condition=Q(status="COMPLETED"),
                name="prescriptions_done_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"prescription {self.pk}"


class PrescriptionMessage(models.Model):
    """A question of a pharmacist about a prescription, or the doctor's answer."""

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    prescription = DbForeignKey(Prescription, models.CASCADE, db_on_delete="CASCADE", related_name="messages")
    author = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    privacy = privacy(sensitive="body", safe="id prescription author created_at")

    class Meta:
        db_table = "prescription_messages"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["prescription", "created_at"], name="prescription_messages_idx")]

    def __str__(self) -> str:
        return f"message {self.pk}"
