from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models

from core.db.fields import GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.querysets import HospitalQuerySet


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError("Not a time zone of the IANA list, such as Europe/Vienna.", code="invalid_time_zone")


class Hospital(models.Model):
    """A hospital, with the defaults of its visits.

    Without a `time_zone` nothing is pushed to the booking calendar and no local slots are offered: wall-clock hours
    mean nothing without one.
    """

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    name = models.TextField()
    address = NullableTextField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    time_zone = NullableTextField(null=True, blank=True, validators=[validate_time_zone])
    visit_length_minutes = models.PositiveIntegerField(db_default=30)
    buffer_minutes = models.PositiveIntegerField(db_default=0)
    booking_notice_minutes = models.PositiveIntegerField(db_default=60)
    second_factor_required = models.BooleanField(db_default=False)
    reminders_enabled = models.BooleanField(db_default=True)
    # As `hospitals.reminder_kinds` names them.
    remind_day_before = models.BooleanField(db_default=True)
    remind_two_hours = models.BooleanField(db_default=True)
    cal_team_id = models.BigIntegerField(null=True, blank=True)
    emergency_text = NullableTextField(null=True, blank=True)
    # One a line, beside the platform's (`EMERGENCY_WORDS`).
    emergency_words = NullableTextField(null=True, blank=True)
    is_active = models.BooleanField(db_default=True)

    privacy = privacy(
        safe="id name address created_at time_zone visit_length_minutes buffer_minutes booking_notice_minutes"
        " second_factor_required reminders_enabled remind_day_before remind_two_hours cal_team_id"
        " emergency_text emergency_words is_active"
    )

    objects = HospitalQuerySet.as_manager()

    class Meta:
        db_table = "hospitals"
        db_table_comment = "Represents hospital entities that staff members belong to."
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
