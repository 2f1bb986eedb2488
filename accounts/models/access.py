from __future__ import annotations

from django.db import models

from accounts.querysets import AccessEventQuerySet
from core.db.fields import TransactionNow
from core.privacy import privacy


class AccessEvent(models.Model):
    """Who read or changed which record. Rows are only ever added: a trigger refuses the rest.

    Plain ids without foreign keys: a cascade would have to change rows that must not change.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=TransactionNow())
    actor_id = models.UUIDField(null=True)
    actor_role = models.TextField(db_default="")
    action = models.TextField()
    patient_id = models.UUIDField(null=True)
    object_kind = models.TextField(db_default="")
    object_id = models.TextField(db_default="")
    hospital_id = models.UUIDField(null=True)
    surface = models.TextField(db_default="")
    address = models.GenericIPAddressField(null=True)
    reason = models.TextField(db_default="")

    privacy = privacy(
        sensitive="patient_id object_id address reason",
        safe="id at actor_id actor_role action object_kind hospital_id surface",
    )

    objects = AccessEventQuerySet.as_manager()

    class Meta:
        db_table = "access_events"
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="access_events_patient_idx"),
            models.Index(fields=["hospital_id", "-at"], name="access_events_hospital_idx"),
            models.Index(fields=["actor_id", "-at"], name="access_events_actor_idx"),
            # What is rare (broken glass, exports) is found without reading past what is not.
            models.Index(fields=["hospital_id", "action", "-at"], name="access_events_kind_idx"),
        ]

    def __str__(self) -> str:
        return f"access {self.pk}"


class AuditSeal(models.Model):
    """A keyed hash over the access events since the last seal and over that seal: a changed row breaks the chain."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=TransactionNow())
    first_event_id = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    events = models.IntegerField()
    digest = models.TextField()

    privacy = privacy(safe="id at first_event_id last_event_id events digest")

    class Meta:
        db_table = "audit_seals"
        constraints = [models.UniqueConstraint(fields=["last_event_id"], name="audit_seals_last_event_id_key")]

    def __str__(self) -> str:
        return f"seal {self.pk}"


class AuditCut(models.Model):
    """A keyed mark at a seal: the access events up to it have been kept long enough, and may be gone."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    last_seal_id = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    seal_digest = models.TextField()
    digest = models.TextField()

    privacy = privacy(safe="id at last_seal_id last_event_id seal_digest digest")

    class Meta:
        db_table = "audit_cuts"

    def __str__(self) -> str:
        return f"cut {self.pk}"
