from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models.user import Patient, User
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy


class ErasureRequest(models.Model):
    """A patient's wish to be forgotten, and what became of it. APPROVED is work, done step by step by a worker.

    `report` counts what was changed, by step; a step that is in `finished` has nothing left to do.
    """

    class State(models.TextChoices):
        ASKED = "asked", "asked"
        WITHDRAWN = "withdrawn", "withdrawn"
        APPROVED = "approved", "being carried out"
        DONE = "done", "done"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    patient = DbForeignKey(Patient, models.PROTECT, db_on_delete="RESTRICT", related_name="erasure_requests")
    state = models.TextField(choices=State.choices, db_default=State.ASKED)
    asked_at = models.DateTimeField(db_default=TransactionNow())
    withdrawn_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)
    finished = models.JSONField(default=list)

    privacy = privacy(
        safe="id patient state asked_at withdrawn_at approved_at approved_by done_at report finished",
    )

    if TYPE_CHECKING:
        patient_id: uuid.UUID

    class Meta:
        db_table = "erasure_requests"
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(state__in=["asked", "approved"]), name="erasure_requests_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "withdrawn", "approved", "done"]), name="erasure_requests_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-asked_at"], name="erasure_requests_patient_idx"),
            models.Index(fields=["-asked_at"], name="erasure_requests_asked_idx"),
        ]

    def __str__(self) -> str:
        return f"erasure request {self.pk}"


class ErasedNumber(models.Model):
    """A keyed hash of a phone number that was an erased patient's: news from before then names nobody by it.

    The number may be somebody else's since.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.TextField()
    erased_at = models.DateTimeField()

    privacy = privacy(sensitive="digest", safe="id erased_at")

    class Meta:
        db_table = "erased_numbers"
        constraints = [models.UniqueConstraint(fields=["digest"], name="erased_numbers_digest_key")]

    def __str__(self) -> str:
        return f"erased number {self.pk}"
