from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from accounts.models.user import User
from accounts.querysets import BreakGlassQuerySet
from core.db.fields import DbForeignKey, GenRandomUuid
from core.privacy import privacy

MIN_REASON_LENGTH = 10


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
