"""Reads of patients, visits, prescriptions and AI sessions, scoped to what a person may see.

Who sees what is the last paragraph of `docs/architecture.md`, section "What always holds"; deny is the default: staff
without a hospital, people who are deactivated, and roles not named see nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.permissions import Permission, has_permission

if TYPE_CHECKING:
    from accounts.models import Patient, User


# Visits whose patient is proven: a typed number proves nothing.
_IDENTIFIED = Q(patient_match="reference") | Q(identity_confirmed_at__isnull=False)


class AppointmentQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """A patient's own visits; a doctor's own; a hospital admin's hospital's; what an operator broke glass for.

        Of a patient's other visits a doctor sees what `for_record` says.
        """
        if not user.is_active:
            return self.none()
        if user.is_patient:
            return self.filter(patient_id=user.pk)
        if user.is_operator:
            return self.filter(hospital_id__in=_hospitals_opened(user))
        if user.hospital_id is None:
            return self.none()
        if user.is_doctor:
            return self.filter(doctor_id=user.pk, hospital_id=user.hospital_id)
        if user.is_hospital_admin:
            return self.filter(hospital_id=user.hospital_id)
        return self.none()

    def for_record(self, user: User) -> Self:
        """What a doctor is shown of open records: own visits, and the hospital's other ones whose patient is proven."""
        if not (user.is_active and user.is_doctor and user.hospital_id):
            return self.none()
        proven = _IDENTIFIED & _opens_record(user, patient="patient_id")
        return self.filter(hospital_id=user.hospital_id).filter(Q(doctor_id=user.pk) | proven)

    def open(self, *, at: dt.datetime) -> Self:
        """Booked visits that have not ended."""
        return self.filter(status="SCHEDULED", end_ts__gt=at)

    def taking_place(self) -> Self:
        """Neither cancelled nor missed; as `Appointment.is_taking_place`."""
        return self.filter(no_show=False).exclude(status="CANCELLED")

    def next_or_last_first(self, *, at: dt.datetime) -> Self:
        """First the next visit that is booked, then the latest that took place; cancelled and missed ones last."""
        is_open = Q(status="SCHEDULED", no_show=False, end_ts__gt=at)
        took_place = Q(no_show=False) & ~Q(status="CANCELLED")
        rank = Case(When(is_open, then=Value(0)), When(took_place, then=Value(1)), default=Value(2))
        next_start = Case(When(is_open, then=F("start_ts")))
        return self.order_by(rank, next_start.asc(nulls_last=True), "-start_ts", "pk")

    def between(self, start: dt.datetime, end: dt.datetime) -> Self:
        """Visits that begin in `[start, end)`."""
        return self.filter(start_ts__gte=start, start_ts__lt=end)

    def identified(self) -> Self:
        """Visits whose patient is proven: booked with our reference, or confirmed by the patient or staff."""
        return self.filter(_IDENTIFIED)

    def resolve(self, pk: uuid.UUID) -> Any:
        """The visit of this id, or of which this id is an alias.

        Raises: Appointment.DoesNotExist.
        """
        return self.filter(pk=pk).first() or self.get(aliases__pk=pk)

    def with_people(self) -> Self:
        """Names without a query per row; without the raw payload, which lists never show."""
        return self.select_related("doctor__user__profile", "hospital", "patient__user__profile").defer(
            "cal_raw_payload"
        )


class VisitDecisionQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """Decisions about visits that the user may see."""
        from clinical.models import Appointment

        visits = Appointment.objects.for_user(user).filter(pk=OuterRef("appointment"))
        return self.filter(Exists(visits))

    def current(self) -> Self:
        """Without those that a later decision about the same visit replaced."""
        return self.filter(replaced_at__isnull=True)

    def with_people(self) -> Self:
        people = ("doctor__user__profile", "hospital", "appointment__patient__user__profile")
        return self.select_related(*people).defer("appointment__cal_raw_payload")

    def open_asks(self, *, at: dt.datetime) -> Self:
        """The visits' patients were asked to choose another time, have not yet, and still can."""
        return self.current().filter(
            choice="ask_to_move",
            start_ts__gt=at,
            start_ts=F("appointment__start_ts"),
            appointment__status="SCHEDULED",
        )


class PrescriptionQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """A patient's own; of a hospital for its pharmacists and admins; a doctor's as `for_doctor` says; what an
        operator broke glass for.
        """
        if not user.is_active:
            return self.none()
        if user.is_patient:
            return self.filter(patient_id=user.pk)
        if user.is_operator:
            return self.filter(hospital_id__in=_hospitals_opened(user))
        if user.hospital_id is None:
            return self.none()
        if user.is_pharmacist or user.is_hospital_admin:
            return self.filter(hospital_id=user.hospital_id)
        if user.is_doctor:
            return self.for_doctor(user)
        return self.none()

    def for_doctor(self, user: User) -> Self:
        """The doctor's own prescriptions, and those of the hospital for patients whose record is open to the doctor."""
        # Not `patient_id__in=open_patient_ids`: behind an OR that is worked out for every patient there is.
        opened = _opens_record(user, patient="patient_id")
        return self.filter(hospital_id=user.hospital_id).filter(Q(doctor_id=user.pk) | opened)

    def with_people(self) -> Self:
        return self.select_related(
            "doctor__user__profile", "hospital", "patient__user__profile", "pharmacist__user__profile"
        )


class AiSessionQuerySet(models.QuerySet[Any]):
    def with_claims(self) -> Self:
        """With `is_claim_unconfirmed`: somebody was told of a booking that is not there."""
        return self.annotate(is_claim_unconfirmed=Q(says_booked=True) & ~Exists(_booked_in(OuterRef("pk"))))

    def unconfirmed_claims(self) -> Self:
        return self.filter(~Exists(_booked_in(OuterRef("pk"))), says_booked=True)

    def with_visits(self, user: User) -> Self:
        """With the visits booked in each talk, as far as the user may see them."""
        from clinical.models import Appointment

        visits = Appointment.objects.for_user(user).only("id", "ai_session_id").order_by("start_ts", "id")
        return self.select_related("hospital").prefetch_related(models.Prefetch("appointments", queryset=visits))

    def for_user(self, user: User) -> Self:
        """A patient's own; for a doctor those of patients whose record is open; for an admin the hospital's; what an
        operator broke glass for. That somebody sees a talk took place opens no transcript: see `for_reading`.
        """
        if not user.is_active:
            return self.none()
        if user.is_patient:
            return self.filter(patient_id=user.pk)
        if user.is_operator:
            return self.filter(hospital_id__in=_hospitals_opened(user))
        if user.hospital_id is None:
            return self.none()
        if user.is_hospital_admin:
            return self.filter(hospital_id=user.hospital_id)
        if user.is_doctor:
            own_part = Q(hospital=user.hospital_id) | Q(hospital__isnull=True)
            return self.filter(own_part, patient_id__in=open_patient_ids(user))
        return self.none()

    def for_reading(self, user: User) -> Self:
        """The talks whose words the user may read, one by one and on record: not a hospital admin's."""
        may_read = user.is_patient or has_permission(user, Permission.OPEN_TRANSCRIPTS)
        return self.for_user(user) if may_read else self.none()


def _booked_in(session: OuterRef) -> models.QuerySet[Any]:
    """Visits booked in a talk: that one was called off later does not make the talk untrue."""
    from clinical.models import Appointment

    return Appointment.objects.filter(ai_session=session)


def patients_for_user(user: User) -> models.QuerySet[Any]:
    """A patient's own row; for a doctor the patients whose full record is open; for a pharmacist those with
    prescriptions in the hospital, of whom the pages show name, birth date and medications. Nobody else's: an admin
    meets patients as the names on visits and prescriptions.
    """
    from accounts.models import Patient
    from clinical.models import Prescription

    if not user.is_active:
        return Patient.objects.none()
    if user.is_patient:
        return Patient.objects.filter(pk=user.pk)
    if user.hospital_id is None:
        return Patient.objects.none()
    if user.is_doctor:
        return Patient.objects.filter(_opens_record(user, patient="pk"))
    if user.is_pharmacist:
        known = Prescription.objects.filter(hospital=user.hospital_id, patient=OuterRef("pk"))
        return Patient.objects.filter(Exists(known))
    return Patient.objects.none()


def open_patient(user: User, patient_id: uuid.UUID) -> Patient | None:
    """The patient, if the record is open to this doctor."""
    if not user.is_doctor:
        return None
    found: Patient | None = patients_for_user(user).filter(pk=patient_id).select_related("user__profile").first()
    return found


def open_patient_ids(user: User) -> models.QuerySet[Any, Any]:
    """Ids of the patients whose full record is open to this doctor: an identified visit, or an own prescription."""
    from accounts.models import Patient

    patients = patients_for_user(user) if user.is_doctor else Patient.objects.none()
    return patients.values("pk")


def _opens_record(user: User, *, patient: str) -> Q:
    """What opens a record to this doctor; `patient` is the outer query's column that names the patient."""
    from clinical.models import Appointment, Prescription

    own = Q(doctor=user.pk, hospital=user.hospital_id, patient=OuterRef(patient))
    # A visit that was called off gives no reason to read on.
    visits = Appointment.objects.identified().filter(own).exclude(status=Appointment.Status.CANCELLED)
    return Q(Exists(visits)) | Q(Exists(Prescription.objects.filter(own)))


def _hospitals_opened(user: User) -> models.QuerySet[Any, Any]:
    """Asked of the database each time: what ended, by the clock or by hand, opens nothing more."""
    from accounts.models import BreakGlassGrant

    return BreakGlassGrant.objects.for_user(user).active(at=timezone.now()).values("hospital")


def is_record_open(user: User, patient_id: uuid.UUID) -> bool:
    return open_patient_ids(user).filter(pk=patient_id).exists()
