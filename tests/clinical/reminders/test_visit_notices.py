"""What staff decided about a visit, told by text message: to whom, how much, and by which sender."""

from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import Settings

from accounts.messages.local_senders import MemorySms
from accounts.messages.reports import has_stopped_sms
from accounts.messages.send_sms import send_sms
from accounts.models import Patient, SmsMessage, User
from accounts.ports import SmsLine
from clinical.models import Appointment, AppointmentBooking
from clinical.visits.decisions import ask_to_move, keep_visit
from tests.cast import HospitalCast
from tests.clinical.deciding import SOON
from tests.clinical.records import NOW, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calendar")]


def texts_sent() -> list[tuple[str, str]]:
    MemorySms.sent.clear()
    send_sms(at=NOW)
    return [(sent.to, sent.text) for sent in MemorySms.sent]


@pytest.mark.parametrize(("accepted_at", "whose"), [(None, "your visit on"), (NOW, "your visit with Dora North on")])
def test_a_number_that_nobody_proved_is_told_no_doctor(
    visit: Appointment, north: HospitalCast, accepted_at: dt.datetime | None, whose: str
) -> None:
    Appointment.objects.update(patient_match="phone", identity_confirmed_at=accepted_at)
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    texts_sent()
    keep_visit(appointment_id=visit.pk, by=north.admin, at=NOW)
    assert [text for _to, text in texts_sent()] == [
        f"North: {whose} 3 Mar 2026, 11:00 stays as booked. You need not move it."
    ]


def test_a_number_given_up_since_is_told_nothing(visit: Appointment, north: HospitalCast, patient: Patient) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    User.objects.filter(pk=patient.pk).update(phone="436607777777")
    assert texts_sent() == []


def test_a_typed_number_of_a_country_that_is_not_served_costs_nothing(north: HospitalCast, settings: Settings) -> None:
    settings.SMS_COUNTRIES = ["AT"]
    for number in ("436609999999", "12125550123", "999"):
        guest = make_visit(None, north.doctor, SOON)
        AppointmentBooking.objects.create(uid=guest.cal_booking_id, appointment=guest, attendee_phone=number)
        ask_to_move(appointment_id=guest.pk, reason="", by=north.doctor.user, at=NOW)
    assert [to for to, _text in texts_sent()] == ["436609999999"]
    refused = SmsMessage.objects.filter(status="failed").order_by("number")
    assert list(refused.values_list("number", "error_code", "tries")) == [
        ("12125550123", "country_not_served", 1),
        ("999", "country_not_served", 1),
    ]


def test_notices_come_over_their_own_line(visit: Appointment, north: HospitalCast) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    texts_sent()
    assert [sent.line for sent in MemorySms.sent] == [SmsLine.NOTICES]


def test_stop_to_a_notice_is_no_stop_to_codes_where_notices_have_their_own_sender(settings: Settings) -> None:
    SmsMessage.objects.create(kind="sign_in_code", number="436601234567", status="delivered", created_at=NOW)
    SmsMessage.objects.create(
        kind="visit_to_move", number="436601234567", status="failed", error_code="stopped", created_at=SOON
    )
    assert has_stopped_sms("436601234567")
    settings.SMS_NOTICES_APART = True
    assert not has_stopped_sms("436601234567")
