from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import User
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy
from hospitals.models.hospital import Hospital
from hospitals.querysets import StaffImportQuerySet


class StaffImport(models.Model):
    """A file of staff that was checked, and waits to be confirmed or added. `rows` is emptied when it is over."""

    class State(models.TextChoices):
        CHECKED = "checked", "checked"
        QUEUED = "queued", "waiting to be added"
        DONE = "done", "added"
        REFUSED = "refused", "refused"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    hospital = DbForeignKey(Hospital, models.CASCADE, db_on_delete="CASCADE", related_name="+")
    created_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(db_default=TransactionNow())
    state = models.TextField(choices=State.choices, db_default=State.CHECKED)
    # As `hospitals.staff.csv_file.StaffLine`: the line and the cells.
    rows = models.JSONField()
    people = models.IntegerField()
    finished_at = models.DateTimeField(null=True)

    privacy = privacy(sensitive="rows", safe="id hospital created_by created_at state people finished_at")

    objects = StaffImportQuerySet.as_manager()

    if TYPE_CHECKING:
        hospital_id: uuid.UUID

    class Meta:
        db_table = "staff_imports"
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="queued"), name="staff_imports_queued_idx"),
            models.Index(fields=["hospital"], name="staff_imports_hospital_idx"),
            models.Index(fields=["created_by"], name="staff_imports_created_by_idx"),
        ]

    def __str__(self) -> str:
        return f"staff import {self.pk}"
