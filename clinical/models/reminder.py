from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from clinical.models.appointment import Appointment
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy


class VisitReminder(models.Model):
    """A reminder of a visit at one time: planned once, then queued as a message or dropped.

    A moved visit gets new ones. The message's `about_id` is this row's id; both are written in one transaction.
    """

    class Kind(models.TextChoices):
        DAY_BEFORE = "day_before", "a day before"
        TWO_HOURS = "two_hours", "two hours before"

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        QUEUED = "queued", "handed to the text messages"
        DROPPED = "dropped", "dropped"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    appointment = DbForeignKey(Appointment, models.CASCADE, db_on_delete="CASCADE", related_name="reminders")
    kind = models.TextField(choices=Kind.choices)
    start_ts = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, db_default=State.PLANNED)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())

    privacy = privacy(safe="id appointment kind start_ts due_at state settled_at created_at")

    if TYPE_CHECKING:
        appointment_id: uuid.UUID

    class Meta:
        db_table = "visit_reminders"
        constraints = [
            models.UniqueConstraint(fields=["appointment", "start_ts", "kind"], name="visit_reminders_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["day_before", "two_hours"]), name="visit_reminders_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state="planned", settled_at__isnull=True)
                | Q(state__in=["queued", "dropped"], settled_at__isnull=False),
                name="visit_reminders_settled",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="planned"), name="visit_reminders_due_idx")]

    def __str__(self) -> str:
        return f"reminder {self.pk}"
