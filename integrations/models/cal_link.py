from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.db.fields import DbOneToOneField, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor


class CalLink(models.Model):
    """A doctor's place in Cal.com, and how far what is there is behind what is wanted here.

    A push is due when `wanted_hash` differs from `pushed_hash` and `next_try_at` has passed; a change of the event
    type when the hospital's settings differ from those pushed and `event_type_next_try_at` has passed.
    """

    class Drift(models.TextChoices):
        EDITED = "edited", "edited in Cal.com"
        READ_BACK = "read_back", "not as we sent it"

    class Problem(models.TextChoices):
        """What keeps patients from booking until the doctor is connected again."""

        USER_GONE = "user_gone", "the user is gone"
        SCHEDULE_GONE = "schedule_gone", "the schedule is gone"
        EVENT_TYPE_GONE = "event_type_gone", "the event type is gone"
        OTHER_HOST = "other_host", "the event type has another host"
        OTHER_SCHEDULE = "other_schedule", "the event type reads another schedule"

    doctor = DbOneToOneField(Doctor, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="cal_link")
    cal_user_id = models.BigIntegerField(null=True, blank=True)
    cal_schedule_id = models.BigIntegerField(null=True, blank=True)
    cal_event_type_id = models.BigIntegerField(null=True, blank=True)
    wanted_hash = NullableTextField(null=True, blank=True)
    pushed_hash = NullableTextField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    last_error = NullableTextField(null=True, blank=True)
    failures = models.IntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    # Out of office that somebody entered in Cal.com itself: hours kept here do not know of it. Whole days of UTC.
    absence_from = models.DateTimeField(null=True, blank=True)
    absence_until = models.DateTimeField(null=True, blank=True)
    absence_told_at = models.DateTimeField(null=True, blank=True)
    # What Cal.com held when last read (`schedule_shape`), and since when that is not what we want there.
    shown_schedule = models.JSONField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    # When schedule, user and event type were last looked at; none: as soon as can be.
    checked_at = models.DateTimeField(null=True, blank=True)
    drift = NullableTextField(null=True, blank=True, choices=Drift.choices)
    differs_since = models.DateTimeField(null=True, blank=True)
    problem = NullableTextField(null=True, blank=True, choices=Problem.choices)
    pushed_length_minutes = models.IntegerField(null=True, blank=True)
    pushed_buffer_minutes = models.IntegerField(null=True, blank=True)
    pushed_notice_minutes = models.IntegerField(null=True, blank=True)
    pushed_optimized_slots = models.BooleanField(null=True, blank=True)
    # That we hid the event type, as we do for a doctor who is deactivated. One hidden in Cal.com itself stays so.
    pushed_hidden = models.BooleanField(db_default=False)
    event_type_error = NullableTextField(null=True, blank=True)
    event_type_next_try_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        safe="doctor cal_user_id cal_schedule_id cal_event_type_id wanted_hash pushed_hash pushed_at last_error"
        " failures next_try_at created_at absence_from absence_until absence_told_at shown_schedule read_at"
        " checked_at drift differs_since problem pushed_length_minutes pushed_buffer_minutes pushed_notice_minutes"
        " pushed_optimized_slots pushed_hidden event_type_error event_type_next_try_at"
    )

    class Meta:
        db_table = "cal_links"
        constraints = [
            models.UniqueConstraint(fields=["cal_user_id"], name="cal_links_cal_user_id_key"),
            models.UniqueConstraint(fields=["cal_event_type_id"], name="cal_links_cal_event_type_id_key"),
            models.CheckConstraint(
                condition=Q(drift__isnull=True, differs_since__isnull=True)
                | Q(drift__isnull=False, differs_since__isnull=False),
                name="cal_links_drift_check",
            ),
        ]

    def __str__(self) -> str:
        return f"Cal.com link {self.pk}"

    @property
    def is_bookable(self) -> bool:
        return self.cal_event_type_id is not None and self.problem is None

    @property
    def is_sent(self) -> bool:
        """No push is due. Cal.com may show something else even so: see `drift`."""
        return self.wanted_hash is None or self.wanted_hash == self.pushed_hash

    @property
    def is_in_step(self) -> bool:
        return self.is_sent and self.drift is None and self.problem is None


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
