from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.db.fields import DbOneToOneField, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor


class CalConnection(models.Model):
    """That somebody asked for a doctor to be connected, and how far a worker has come: the row is the work.

    With ids given, these are checked and stored; without, what is needed is found or created.
    """

    class State(models.TextChoices):
        ASKED = "asked", "waiting"
        WORKING = "working", "at work"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Step(models.TextChoices):
        """What is being done, or what failed."""

        USER = "user", "finding the user"
        TEAM = "team", "joining the hospital's team"
        SCHEDULE = "schedule", "finding the schedule"
        EVENT_TYPE = "event_type", "finding the event type"
        STORE = "store", "storing the link"

    doctor = DbOneToOneField(
        Doctor, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="cal_connection"
    )
    state = models.TextField(choices=State.choices, db_default=State.ASKED)
    step = NullableTextField(null=True, blank=True, choices=Step.choices)
    reason = NullableTextField(null=True, blank=True)
    given_user_id = models.BigIntegerField(null=True, blank=True)
    given_schedule_id = models.BigIntegerField(null=True, blank=True)
    given_event_type_id = models.BigIntegerField(null=True, blank=True)
    has_other_email = models.BooleanField(db_default=False)
    tries = models.IntegerField(db_default=0)
    asked_at = models.DateTimeField(db_default=TransactionNow())
    next_try_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        safe="doctor state step reason given_user_id given_schedule_id given_event_type_id has_other_email tries"
        " asked_at next_try_at finished_at"
    )

    class Meta:
        db_table = "cal_connections"
        constraints = [
            models.CheckConstraint(
                condition=Q(given_user_id=None, given_schedule_id=None, given_event_type_id=None)
                | Q(
                    given_user_id__isnull=False,
                    given_schedule_id__isnull=False,
                    given_event_type_id__isnull=False,
                ),
                name="cal_connections_given_check",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], condition=Q(state__in=["asked", "working"]), name="cal_connections_open_idx"
            )
        ]

    def __str__(self) -> str:
        return f"Cal.com connection {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.ASKED, self.State.WORKING}
