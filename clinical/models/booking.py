from __future__ import annotations

from django.db import models

from clinical.models.appointment import Appointment
from core.db.fields import DbForeignKey, NullableTextField, TransactionNow
from core.privacy import privacy


class AppointmentBooking(models.Model):
    """The merged facts about one Cal.com uid. A reschedule makes a new uid, so a visit is a chain of these.

    Each kind of fact has the time it was true (`*_at`) and the hash of the body it came from (`*_hash`): the newer
    wins, a tie goes to the greater hash, so any order of arrival gives the same row (`clinical.mirror.facts`).
    `fetched_*` is what a GET said; it has a slot of its own because only it may take back a cancellation.
    """

    uid = models.TextField(primary_key=True)
    booking_id = models.BigIntegerField(null=True)
    appointment = DbForeignKey(
        Appointment, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="bookings"
    )
    status = NullableTextField(null=True)
    status_at = models.DateTimeField(null=True)
    status_hash = NullableTextField(null=True)
    fetched_status = NullableTextField(null=True)
    fetched_status_at = models.DateTimeField(null=True)
    cancellation_reason = NullableTextField(null=True)
    start_ts = models.DateTimeField(null=True)
    end_ts = models.DateTimeField(null=True)
    times_at = models.DateTimeField(null=True)
    times_hash = NullableTextField(null=True)
    organizer_id = models.BigIntegerField(null=True)
    organizer_email = NullableTextField(null=True)
    organizer_at = models.DateTimeField(null=True)
    organizer_hash = NullableTextField(null=True)
    attendee_name = NullableTextField(null=True)
    attendee_phone = NullableTextField(null=True)
    reference = NullableTextField(null=True)
    attendee_at = models.DateTimeField(null=True)
    attendee_hash = NullableTextField(null=True)
    no_show = models.BooleanField(null=True)
    no_show_at = models.DateTimeField(null=True)
    no_show_hash = NullableTextField(null=True)
    rescheduled_from = NullableTextField(null=True)
    rescheduled_from_at = models.DateTimeField(null=True)
    rescheduled_to = NullableTextField(null=True)
    rescheduled_to_at = models.DateTimeField(null=True)
    # The booker has been erased: no later news brings the name or number back (`clinical.mirror.tombstones`).
    erased_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    updated_at = models.DateTimeField(db_default=TransactionNow())

    privacy = privacy(
        sensitive="uid cancellation_reason organizer_email attendee_name attendee_phone reference"
        " rescheduled_from rescheduled_to",
        safe="booking_id appointment status status_at status_hash fetched_status fetched_status_at start_ts end_ts"
        " times_at times_hash organizer_id organizer_at organizer_hash attendee_at attendee_hash no_show no_show_at"
        " no_show_hash rescheduled_from_at rescheduled_to_at erased_at created_at updated_at",
    )

    class Meta:
        db_table = "appointment_bookings"
        indexes = [
            models.Index(fields=["appointment"], name="appointment_bookings_visit_idx"),
            models.Index(fields=["rescheduled_from"], name="appointment_bookings_from_idx"),
            models.Index(fields=["rescheduled_to"], name="appointment_bookings_to_idx"),
        ]

    def __str__(self) -> str:
        return "booking"
