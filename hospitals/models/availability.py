from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from core.db.fields import DbForeignKey, GenRandomUuid, SerialField, TransactionNow
from core.privacy import privacy
from hospitals.models.staff import Doctor


class Weekday(models.IntegerChoices):
    """ISO numbering, as the reference schema has it."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    model_name="AvailabilityHistory",
    meta={"db_table": "doctor_availability_history"},
)
class DoctorAvailability(models.Model):
    """One weekly window of a doctor, in wall-clock time of the hospital's zone; an end of 23:59 means midnight."""

    id = SerialField(primary_key=True)
    doctor = DbForeignKey(Doctor, models.CASCADE, db_on_delete="CASCADE", related_name="availability")
    day_of_week = models.IntegerField(choices=Weekday.choices)
    start_time = models.TimeField()
    end_time = models.TimeField()

    privacy = privacy(safe="id doctor day_of_week start_time end_time")

    if TYPE_CHECKING:
        doctor_id: uuid.UUID

    class Meta:
        db_table = "doctor_availability"
        db_table_comment = "Internal source of truth for doctor schedules to be synced to Cal.com."
        ordering = ["day_of_week", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(day_of_week__gte=1) & Q(day_of_week__lte=7),
                name="doctor_availability_day_of_week_check",
            ),
            models.CheckConstraint(
                condition=Q(end_time__gt=F("start_time")), name="doctor_availability_end_after_start"
            ),
        ]
        indexes = [models.Index(fields=["doctor"], name="idx_doctor_availability_doctor")]

    def __str__(self) -> str:
        return f"{Weekday(self.day_of_week).label} {self.start_time:%H:%M}-{self.end_time:%H:%M}"


class DoctorTimeOff(models.Model):
    """A time in which a doctor takes no visits: whole days run from midnight to midnight in the hospital's zone."""

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    doctor = DbForeignKey(Doctor, models.CASCADE, db_on_delete="CASCADE", related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_whole_days = models.BooleanField(db_default=True)
    reason = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    created_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")

    privacy = privacy(sensitive="reason", safe="id doctor starts_at ends_at is_whole_days created_at created_by")

    class Meta:
        db_table = "doctor_time_off"
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="doctor_time_off_end_after_start")
        ]
        indexes = [models.Index(fields=["doctor", "ends_at"], name="doctor_time_off_doctor_idx")]

    def __str__(self) -> str:
        return f"time off {self.pk}"
