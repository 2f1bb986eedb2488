"""A hospital, and when its patients are reminded of a visit.

A further reminder is one entry in the list of kinds, its column on `Hospital`, and the migration of both; forms, due
times and texts follow from the entry.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.db.fields import GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.querysets import HospitalQuerySet

# A reminder lies on a screen for all to see: no name, no doctor, nothing medical.
_VISIT_COMES = _("%(hospital)s: your visit is on %(time)s. To move or cancel it, open the app. STOP ends reminders.")


@dataclass(frozen=True, slots=True)
class ReminderKind:
    """`value` is stored with each reminder; `setting` is the hospital's column that switches the kind on.

    It is due `lead` before the visit, and not sent any more once it is later than that by `grace`.
    """

    value: str
    description: str
    label: Promise
    setting: str
    lead: dt.timedelta
    grace: dt.timedelta
    text: Promise = _VISIT_COMES


REMINDER_KINDS = (
    ReminderKind(
        "day_before",
        "a day before",
        label=_("A day before"),
        setting="remind_day_before",
        lead=dt.timedelta(hours=24),
        grace=dt.timedelta(hours=6),
    ),
    ReminderKind(
        "two_hours",
        "two hours before",
        label=_("Two hours before"),
        setting="remind_two_hours",
        lead=dt.timedelta(hours=2),
        grace=dt.timedelta(hours=1),
    ),
)
REMINDER_SETTINGS = tuple(kind.setting for kind in REMINDER_KINDS)
LONGEST_LEAD = max(kind.lead for kind in REMINDER_KINDS)
_BY_VALUE = {kind.value: kind for kind in REMINDER_KINDS}


def reminder_kind(value: str) -> ReminderKind:
    return _BY_VALUE[value]


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
    # As `hospitals.models.hospital` names them.
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
