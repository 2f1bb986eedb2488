"""A talk in which a booking was claimed that is not there: staff are told, until there is one."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from clinical.assistant.phone_calls import PhoneCall, record_phone_call
from clinical.assistant.session_bookings import link_session_bookings
from clinical.models import Appointment, AppointmentBooking
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import NOW, make_visit

HOUR = dt.timedelta(hours=1)
BADGE = "said to be booked, but no visit was"


@pytest.fixture(autouse=True)
def _claim(patient: Patient, north: HospitalCast) -> None:
    for number, words in enumerate(("I have booked Monday at ten.", "We are open until five.")):
        call = PhoneCall(
            session_id=f"call-{number}",
            phone=patient.user.phone,
            started_at=NOW - (number + 1) * HOUR,
            ended_at=NOW - (number + 0.5) * HOUR,
            transcript=f"User: Hello\nAI: {words}",
            hospital_id=north.hospital.pk,
        )
        record_phone_call(call=call)
    # Long ago, so that the doctor may see the record.
    make_visit(patient, north.doctor, NOW - 500 * HOUR, status="COMPLETED")


def booked_meanwhile(patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, NOW + 50 * HOUR)
    Appointment.objects.filter(pk=visit.pk).update(created_at=NOW - HOUR * 0.75)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit, attendee_at=NOW - HOUR * 0.75)
    link_session_bookings(at=NOW)


@time_machine.travel(NOW, tick=False)
def test_the_doctor_reads_it_beside_the_talk(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    browser = signed_in(north.doctor.user)
    record = reverse("staff:doctor-patient", args=[patient.pk])
    assert browser.get(record).content.decode().count(BADGE) == 1
    booked_meanwhile(patient, north)
    assert BADGE not in browser.get(record).content.decode()


@time_machine.travel(NOW, tick=False)
def test_the_portal_lists_them(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    doubted = reverse("admin:clinical_aisession_changelist") + "?booking=missing"
    admin, other = Client(), Client()
    admin.force_login(north.admin)
    other.force_login(south.admin)

    def rows(client: Client) -> int:
        return len(client.get(doubted).context["cl"].result_list)

    assert (rows(admin), rows(other)) == (1, 0)
    assert "said, but not there" in admin.get(doubted).content.decode()
    booked_meanwhile(patient, north)
    assert rows(admin) == 0
