from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import User
from clinical.models.appointment import Appointment
from clinical.querysets import VisitDecisionQuerySet
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor, Hospital


class VisitDecision(models.Model):
    """What staff decided about one booked visit, and why. What became of it is derived (`clinical.visits.decisions`).

    A later decision about the same visit replaces this one: at most one of a visit has no `replaced_at`.
    """

    class Cause(models.TextChoices):
        HOURS = "hours", "new weekly hours"
        TIME_OFF = "time_off", "time off"
        DEACTIVATED = "deactivated", "the doctor was deactivated"
        VISIT = "visit", "the visit itself"

    class Choice(models.TextChoices):
        KEEP = "keep", "keep"
        ASK_TO_MOVE = "ask_to_move", "ask the patient to move"
        CANCEL = "cancel", "cancel"
        REASSIGN = "reassign", "give it to a colleague"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    appointment = DbForeignKey(Appointment, models.CASCADE, db_on_delete="CASCADE", related_name="decisions")
    doctor = DbForeignKey(Doctor, models.CASCADE, db_on_delete="CASCADE", related_name="+")
    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", null=True, related_name="+")
    # The visit's time when it was decided: another one since then is a move.
    start_ts = models.DateTimeField()
    cause = models.TextField(choices=Cause.choices)
    choice = models.TextField(choices=Choice.choices)
    reason = models.TextField(blank=True, db_default="")
    # The cancellation, or the booking with a colleague, that was asked for. Whoever carries it out is above this
    # app, so it is no foreign key.
    request_id = models.UUIDField(null=True)
    decided_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    decided_at = models.DateTimeField(db_default=TransactionNow())
    replaced_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    privacy = privacy(
        sensitive="reason",
        safe="id appointment doctor hospital start_ts cause choice request_id decided_by decided_at replaced_at"
        " told_at",
    )

    objects = VisitDecisionQuerySet.as_manager()

    if TYPE_CHECKING:
        appointment_id: uuid.UUID
        doctor_id: uuid.UUID
        hospital_id: uuid.UUID | None

    class Meta:
        db_table = "visit_changes"
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(replaced_at__isnull=True), name="visit_changes_one_current"
            ),
            models.CheckConstraint(
                condition=Q(choice__in=["keep", "ask_to_move", "cancel", "reassign"]), name="visit_changes_choice_known"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["hours", "time_off", "deactivated", "visit"]), name="visit_changes_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(choice__in=["cancel", "reassign"]) | Q(request_id__isnull=True),
                name="visit_changes_request_of_cancel",
            ),
        ]
        indexes = [
            models.Index(fields=["appointment"], name="visit_changes_visit_idx"),
            models.Index(fields=["doctor", "-decided_at"], name="visit_changes_doctor_idx"),
            models.Index(
                fields=["decided_at"],
                condition=Q(choice="cancel", told_at__isnull=True, replaced_at__isnull=True),
                name="visit_changes_untold_idx",
            ),
            models.Index(
                fields=["decided_at"],
                condition=Q(choice="reassign", told_at__isnull=True, replaced_at__isnull=True),
                name="visit_changes_reassigned_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"visit decision {self.pk}"
