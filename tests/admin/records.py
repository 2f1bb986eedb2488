"""One row of everything the portal shows, for a hospital of the cast."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.models import AccessEvent, Patient
from clinical.models import AiSession, Appointment, Prescription
from integrations.models import (
    BookingLookup,
    BookingRequest,
    CalLink,
    CalWebhook,
    SyncDrift,
    SyncRun,
    VapiEvent,
    VapiNumber,
)
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_session, make_visit

SECRET_WORDS = "words-of-the-transcript"


def book(
    cast: HospitalCast,
    patient: Patient | None,
    start: dt.datetime,
    *,
    status: str = "SCHEDULED",
    no_show: bool = False,
) -> Appointment:
    return make_visit(
        patient,
        cast.doctor,
        start,
        status=status,
        no_show=no_show,
        cal_raw_payload={"title": "raw-payload"},
        guest_name=None if patient else "Greta Guest",
    )


def prescribe(cast: HospitalCast, patient: Patient) -> Prescription:
    return make_prescription(patient, cast.doctor)


def talk(cast: HospitalCast, patient: Patient) -> AiSession:
    return make_session(patient, hospital=cast.hospital, transcript=SECRET_WORDS, summary="words-of-the-summary")


def read(cast: HospitalCast, patient: Patient) -> AccessEvent:
    """The doctor opened the patient's record; the line of the log."""
    return AccessEvent.objects.create(
        action="opened_patient",
        actor_id=cast.doctor.pk,
        actor_role="DOCTOR",
        patient_id=patient.pk,
        hospital_id=cast.hospital.pk,
        surface="staff",
    )


def fill(cast: HospitalCast, patient: Patient) -> dict[str, object]:
    """The primary keys by model name, as the admin's addresses have them."""
    return {
        "hospital": cast.hospital.pk,
        "doctor": cast.doctor.pk,
        "pharmacist": cast.pharmacist.pk,
        "hospitaladmin": cast.admin.pk,
        "appointment": book(cast, patient, timezone.now()).pk,
        "prescription": prescribe(cast, patient).pk,
        "aisession": talk(cast, patient).pk,
        "callink": CalLink.objects.create(doctor=cast.doctor, wanted_hash="wanted", pushed_hash="older").pk,
        "bookingrequest": BookingRequest.objects.create(kind="book", patient=patient, doctor=cast.doctor).pk,
        "calwebhook": CalWebhook.objects.create(raw_webhook_body={"secret": "raw-body"}, trigger="BOOKING_CREATED").pk,
        "syncdrift": SyncDrift.objects.get_or_create(pk="uid-of-a-booking", defaults={"kinds": ["no_show"]})[0].pk,
        "bookinglookup": BookingLookup.objects.get_or_create(pk="uid-of-a-booking", defaults={"reason": "webhook"})[
            0
        ].pk,
        "vapievent": VapiEvent.objects.create(
            event_type="hang", projection={"transcript": "private-words"}, body_sha256=str(cast.hospital.pk)
        ).pk,
        "vapinumber": VapiNumber.objects.create(number=f"4315555{cast.hospital.name}", hospital=cast.hospital).pk,
        "syncrun": SyncRun.objects.create(kind="updated", window_start=timezone.now()).pk,
    }
