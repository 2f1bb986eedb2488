"""Our reference in a booking's metadata proves whose visit it is: signed by us, and in that doctor's booking only."""

from __future__ import annotations

import uuid

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Patient, Role
from clinical.models import Appointment
from hospitals.models import Doctor
from integrations.calcom.api.requests import Attendee
from integrations.calcom.facts.reference import METADATA_KEY, Reference, proven_reference
from integrations.calcom.inbound.pull import pull_changed_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingRequest
from tests.cast import HospitalCast, make_staff
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected

REQUEST, PATIENT = uuid.UUID(int=1), uuid.UUID(int=2)
SOMEBODY = Attendee("Some Body", "Europe/Vienna", phone="+436609999999")


def signed(event_type: int | None, *, keys: list[str] | None = None) -> dict[str, str]:
    return {METADATA_KEY: Reference(REQUEST, PATIENT, event_type).signed(keys or settings.BOOKING_REFERENCE_KEYS)}


def test_a_reference_proves_the_patient_in_a_booking_of_its_event_type() -> None:
    assert proven_reference(signed(7), 7) == Reference(REQUEST, PATIENT, 7)
    assert proven_reference(signed(7), 8) is None
    assert proven_reference(signed(7), None) is None


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {METADATA_KEY: 5},
        {METADATA_KEY: ""},
        {METADATA_KEY: f"{REQUEST}.{PATIENT}.7."},
        {METADATA_KEY: f"{REQUEST}.{PATIENT}.7.ü"},
        signed(7, keys=["another-key"]),
        {METADATA_KEY: signed(7)[METADATA_KEY].replace(".7.", ".8.")},
        {METADATA_KEY: signed(8)[METADATA_KEY].replace(".8.", ".")},
    ],
)
def test_what_we_have_not_signed_proves_nothing(metadata: dict[str, object]) -> None:
    assert proven_reference(metadata, 7) is None
    assert proven_reference(metadata, 8) is None


@pytest.mark.django_db
def test_an_older_reference_proves_it_by_its_request(connected: Connected) -> None:
    event_type = connected.link.cal_event_type_id
    assert event_type is not None
    assert proven_reference(signed(None), event_type) is None
    request = BookingRequest.objects.create(kind="book", patient=connected.patient, doctor=connected.doctor)
    older = Reference(request.pk, connected.patient.pk, None)
    metadata = {METADATA_KEY: older.signed(settings.BOOKING_REFERENCE_KEYS)}
    assert proven_reference(metadata, event_type) == older
    assert proven_reference(metadata, event_type + 1) is None


@pytest.mark.django_db
def test_a_reference_copied_into_another_doctors_booking_is_not_the_patients_visit(
    connected: Connected, north: HospitalCast, other_patient: Patient
) -> None:
    user = make_staff(north.hospital, Role.DOCTOR, "second@north.test", "Daniel North")
    second = Doctor.objects.create(user=user, hospital=north.hospital, specialty="Surgery")
    second.availability.create(day_of_week=1, start_time="09:00", end_time="12:00")
    theirs = connect_doctor(second.pk, connected.client).cal_event_type_id
    own = connected.link.cal_event_type_id
    assert own is not None
    assert theirs is not None
    reference = Reference(uuid.uuid4(), other_patient.pk, own).signed(settings.BOOKING_REFERENCE_KEYS)
    for event_type in (own, theirs):
        connected.client.create_booking(
            start=MONDAY_TEN, event_type_id=event_type, attendee=SOMEBODY, metadata={METADATA_KEY: reference}
        )
    pull_changed_bookings()
    shown = Appointment.objects.values_list("doctor_id", "patient_id", "patient_match")
    assert set(shown) == {
        (connected.doctor.pk, other_patient.pk, "reference"),
        (second.pk, None, "none"),
    }
    assert Appointment.objects.for_user(other_patient.user).open(at=timezone.now()).count() == 1
