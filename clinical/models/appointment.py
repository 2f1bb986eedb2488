from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import Q

from accounts.models import Patient, User
from clinical.models.ai_session import AiSession
from clinical.querysets import AppointmentQuerySet
from core.db.fields import DbForeignKey, EnumField, GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Doctor, Hospital
from hospitals.models.hospital import REMINDER_KINDS


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    exclude=["cal_raw_payload", "updated_at"],
    model_name="AppointmentHistory",
    meta={"db_table": "appointment_history"},
)
class Appointment(models.Model):
    """One visit: a pure function of its chain of bookings (`AppointmentBooking`), kept for reading.

    The row keeps its id when the visit is rescheduled; `cal_booking_id` is the chain's head. A NULL `patient` is a
    guest. `hospital` is set by a trigger from the doctor and stays when the doctor moves.
    """

    class Status(models.TextChoices):
        SCHEDULED = "SCHEDULED", "booked"
        COMPLETED = "COMPLETED", "completed"
        CANCELLED = "CANCELLED", "cancelled"

    class PatientMatch(models.TextChoices):
        REFERENCE = "reference", "booked by the patient"
        PHONE = "phone", "matched by phone"
        NONE = "none", "guest"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    cal_booking_id = models.TextField()
    patient = DbForeignKey(
        Patient, models.SET_NULL, db_on_delete="SET NULL", null=True, blank=True, related_name="appointments"
    )
    doctor = DbForeignKey(Doctor, models.CASCADE, db_on_delete="CASCADE", related_name="appointments")
    start_ts = models.DateTimeField()
    end_ts = models.DateTimeField()
    status = EnumField(enum_type="appointment_status", choices=Status.choices)
    cal_raw_payload = models.JSONField()
    last_synced_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    # By a trigger, when anything changes that a person sees; NULL until then.
    updated_at = models.DateTimeField(null=True, editable=False)

    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", null=True, blank=True, related_name="+")
    cal_status = NullableTextField(null=True, blank=True)
    no_show = models.BooleanField(db_default=False)
    cancellation_reason = NullableTextField(null=True, blank=True)
    patient_match = models.TextField(choices=PatientMatch.choices, db_default=PatientMatch.NONE)
    identity_confirmed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, blank=True, related_name="+")
    guest_name = NullableTextField(null=True, blank=True)
    ai_session = DbForeignKey(
        AiSession, models.SET_NULL, db_on_delete="SET NULL", null=True, blank=True, related_name="appointments"
    )

    privacy = privacy(
        sensitive="cal_raw_payload cal_booking_id cancellation_reason guest_name",
        safe="id patient doctor start_ts end_ts status last_synced_at created_at updated_at hospital cal_status no_show"
        " patient_match identity_confirmed_at completed_at completed_by ai_session",
    )

    objects = AppointmentQuerySet.as_manager()

    if TYPE_CHECKING:
        patient_id: uuid.UUID | None
        doctor_id: uuid.UUID
        hospital_id: uuid.UUID | None

    class Meta:
        db_table = "appointments"
        db_table_comment = "Mirrors booking data from Cal.com for resilience and performance."
        constraints = [models.UniqueConstraint(fields=["cal_booking_id"], name="appointments_cal_booking_id_key")]
        indexes = [
            models.Index(fields=["patient", "start_ts"], name="idx_appointments_patient_start"),
            models.Index(fields=["doctor", "start_ts"], name="idx_appointments_doctor_start"),
            # With what figures and overlaps ask for: else they read a page of the table for each visit.
            models.Index(
                fields=["hospital", "start_ts"],
                include=["end_ts", "status", "no_show", "doctor"],
                name="appointments_hospital_day_idx",
            ),
            models.Index(
                fields=["hospital", "start_ts"], condition=Q(patient__isnull=True), name="appointments_guest_idx"
            ),
            models.Index(fields=["hospital", "start_ts"], condition=Q(no_show=True), name="appointments_no_show_idx"),
            models.Index(
                fields=["end_ts"],
                condition=~Q(cal_raw_payload__has_key="scrubbed"),
                name="appointments_unscrubbed_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk}"

    @property
    def is_pending_confirmation(self) -> bool:
        return self.cal_status == "pending" and self.status == self.Status.SCHEDULED

    @property
    def is_taking_place(self) -> bool:
        """Neither cancelled nor missed."""
        return self.status != self.Status.CANCELLED and not self.no_show

    @property
    def is_patient_identified(self) -> bool:
        """Whether the visit opens more of the record than itself (invariant 6 of `docs/architecture.md`)."""
        return self.patient_match == self.PatientMatch.REFERENCE or self.identity_confirmed_at is not None


class AppointmentAlias(models.Model):
    """The id of an appointment that turned out to be the same visit as an older one: the API still resolves it."""

    id = models.UUIDField(primary_key=True)
    appointment = DbForeignKey(Appointment, models.CASCADE, db_on_delete="CASCADE", related_name="aliases")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    privacy = privacy(safe="id appointment created_at")

    class Meta:
        db_table = "appointment_aliases"
        indexes = [models.Index(fields=["appointment"], name="appointment_aliases_target_idx")]

    def __str__(self) -> str:
        return f"alias {self.pk}"


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
    # The earliest that anything was told of it: it was booked then, or before. NULL: as `created_at`.
    first_told_at = models.DateTimeField(null=True)
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
        " times_at times_hash organizer_id organizer_at organizer_hash attendee_at attendee_hash first_told_at"
        " no_show no_show_at no_show_hash rescheduled_from_at rescheduled_to_at erased_at created_at updated_at",
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


class VisitReminder(models.Model):
    """A reminder of a visit at one time: planned once, then queued as a message or dropped.

    A moved visit gets new ones. The message's `about_id` is this row's id; both are written in one transaction.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        QUEUED = "queued", "handed to the text messages"
        DROPPED = "dropped", "dropped"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    appointment = DbForeignKey(Appointment, models.CASCADE, db_on_delete="CASCADE", related_name="reminders")
    kind = models.TextField(choices=[(kind.value, kind.description) for kind in REMINDER_KINDS])
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
                condition=Q(kind__in=[kind.value for kind in REMINDER_KINDS]), name="visit_reminders_kind_known"
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
