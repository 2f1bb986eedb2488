from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from accounts.models.user import User
from accounts.querysets import AccessEventQuerySet, BreakGlassQuerySet
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy

MIN_REASON_LENGTH = 10


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


class BreakGlassGrant(models.Model):
    """One time an operator opened a hospital's records, and why. It ends at `expires_at`, or by hand before."""

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    operator = DbForeignKey(User, models.PROTECT, db_on_delete="RESTRICT", related_name="break_glass_grants")
    hospital = DbForeignKey("hospitals.Hospital", models.PROTECT, db_on_delete="RESTRICT", related_name="+")
    reason = models.TextField()
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(sensitive="reason", safe="id operator hospital started_at expires_at ended_at")

    objects = BreakGlassQuerySet.as_manager()

    if TYPE_CHECKING:
        operator_id: uuid.UUID
        hospital_id: uuid.UUID

    class Meta:
        db_table = "break_glass_grants"
        constraints = [
            # A grant that ran out is closed by the next one.
            models.UniqueConstraint(
                fields=["operator", "hospital"],
                condition=Q(ended_at__isnull=True),
                name="break_glass_grants_one_open",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("started_at")), name="break_glass_grants_ends_after_start"
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("reason"), MIN_REASON_LENGTH),
                name="break_glass_grants_reason_given",
            ),
        ]

    def __str__(self) -> str:
        return f"break glass {self.pk}"
