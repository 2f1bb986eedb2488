from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient, SmsMessage
from clinical.models import AiSession, Appointment, Prescription, PrescriptionMessage
from hospitals.models import DoctorAvailability, DoctorTimeOff
from integrations.models import BookingRequest
from tests.cast import HospitalCast, make_patient
from tests.clinical.conftest import SignedIn
from tests.clinical.pages import text_of
from tests.clinical.records import make_prescription, make_visit

# Monday, 11:00 in Vienna.
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
POLL = {"HX-Request": "true", "X-Poll": "1"}
DAY_QUERIES = 7
VIEWS = ("timeline", "list")


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


def fill_day(north: HospitalCast, count: int) -> None:
    for number in range(count):
        patient = make_patient(f"4366000{number:05d}", f"Patient {number}")
        visit = make_visit(patient, north.doctor, NOW + dt.timedelta(minutes=20 * number), minutes=20)
        session = AiSession.objects.create(patient=patient, source="APP", summary="Cough.", hospital=north.hospital)
        visit.ai_session = session
        visit.save()
        prescription = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
        PrescriptionMessage.objects.create(prescription=prescription, author=north.pharmacist.user, body="Dose?")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [2, 20])
@time_machine.travel(NOW, tick=False)
def test_the_day_costs_the_same_however_full(
    count: int, view: str, browser: Client, north: HospitalCast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill_day(north, count)
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(9), end_time=dt.time(17))
    with django_assert_num_queries(DAY_QUERIES):
        page = browser.get("/staff/doctor/", {"view": view})
    assert page.content.count(b"AI summary") == count
    assert not AccessEvent.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_the_day_shows_visits_gaps_time_off_and_now(browser: Client, north: HospitalCast, patient: Patient) -> None:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(9), end_time=dt.time(13))
    DoctorTimeOff.objects.create(
        doctor=north.doctor,
        starts_at=NOW + dt.timedelta(hours=1),
        ends_at=NOW + dt.timedelta(hours=3),
        reason="Teaching",
    )
    make_visit(patient, north.doctor, NOW - dt.timedelta(days=30), status="COMPLETED")
    make_visit(patient, north.doctor, NOW)
    make_visit(None, north.doctor, NOW - dt.timedelta(hours=1), guest_name="Gus", cal_status="pending")
    text = text_of(browser.get("/staff/doctor/").content)
    assert "Monday, 2 March" in text
    assert "times in Europe/Vienna" in text
    assert "11:00 -11:30 Paula Patient in progress returning" in text
    assert "10:00 -10:30 Gus unconfirmed guest" in text
    assert "Time off: Teaching" in text
    assert re.findall(r"free ([\d:-]+)", text) == ["09:00-10:00", "10:30-11:00", "11:30-12:00"]
    assert 'id="now-line"' in browser.get("/staff/doctor/").content.decode()


@time_machine.travel(NOW, tick=False)
def test_the_list_has_a_row_for_each_appointment(browser: Client, north: HospitalCast, patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=dt.date(1981, 3, 2))
    begun = make_visit(patient, north.doctor, NOW)
    BookingRequest.objects.create(
        kind="book", state="done", patient=patient, doctor=north.doctor, appointment=begun, reason="Headaches."
    )
    make_visit(patient, north.doctor, NOW - dt.timedelta(hours=1), patient_match="phone", no_show=True)
    make_visit(None, north.doctor, NOW + dt.timedelta(hours=1), guest_name="Gus")
    page = browser.get("/staff/doctor/?view=list").content
    rows = [text_of(row).split() for row in re.findall(rb"<tr.*?</tr>", page, re.DOTALL)]
    patient_is = ["Paula", "Patient"]
    assert rows == [
        ["Time", "Patient", "Age", "Reason", "Status"],
        ["10:00", *patient_is, "verify", "ID", "no-show"],
        [
            "11:00",
            *patient_is,
            "45",
            "y",
            "Headaches.",
            "in",
            "progress",
            "Attended",
            *patient_is,
            "No-show",
            *patient_is,
        ],
        ["12:00", "Gus", "guest"],
    ]
    assert "Paula Patient 45 y in progress new Headaches. Attended" in text_of(
        browser.get("/staff/doctor/?view=timeline").content
    )


@time_machine.travel(NOW, tick=False)
def test_the_view_is_the_person_s_own_in_a_browser(
    browser: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    def shows_list(address: str = "/staff/doctor/") -> bool:
        return b'class="day-list"' in browser.get(address, headers=POLL).content

    make_visit(patient, north.doctor, NOW)
    make_visit(None, south.doctor, NOW, guest_name="Gus")
    assert not shows_list("/staff/doctor/?view=nonsense")
    browser.get("/staff/doctor/day/2026-03-03/?view=list")
    assert (shows_list(), shows_list("/staff/doctor/?view=timeline"), shows_list()) == (True, False, True)
    # What polls is the view it was when the page was opened.
    assert b'hx-get="/staff/doctor/day/2026-03-02/?view=list"' in browser.get("/staff/doctor/").content
    browser.force_login(south.doctor.user)
    assert not shows_list()


@pytest.mark.parametrize("view", VIEWS)
@time_machine.travel(NOW, tick=False)
def test_an_outcome_is_one_press_on_the_day(view: str, browser: Client, north: HospitalCast, patient: Patient) -> None:
    begun = make_visit(patient, north.doctor, NOW)
    ahead = make_visit(patient, north.doctor, NOW + dt.timedelta(minutes=1))
    make_visit(patient, north.doctor, NOW - dt.timedelta(hours=3), no_show=True)
    off = make_visit(patient, north.doctor, NOW - dt.timedelta(hours=2), status="CANCELLED", cal_status="cancelled")
    page = browser.get("/staff/doctor/", {"view": view}).content.decode()
    buttons = re.findall(r'form="day-form" formaction="([^"]+)"', page)
    complete, no_show = (reverse(f"staff:visit-{name}", args=[begun.pk]) for name in ("complete", "no-show"))
    assert buttons == [f"{complete}?back=day", f"{no_show}?back=day"]
    day = f"/staff/doctor/day/2026-03-02/#visit-{begun.pk}"
    for address, said, state in ((buttons[0], "attended", "COMPLETED"), (buttons[1], "no-show", "SCHEDULED")):
        assert browser.post(address).headers["Location"] == day
        begun.refresh_from_db()
        assert (begun.status, begun.no_show) == (state, said == "no-show")
        page = browser.get("/staff/doctor/").content.decode()
        assert f"Recorded: {said}." in page
        undo = re.search(r'class="toast.*?action="([^"]+)"', page, re.DOTALL)
        assert undo is not None
        assert browser.post(undo[1]).headers["Location"] == day
        begun.refresh_from_db()
        assert (begun.status, begun.no_show) == ("SCHEDULED", False)
        assert "Outcome cleared." in browser.get("/staff/doctor/").content.decode()
    for refused in (ahead, off):
        address = f"{reverse('staff:visit-complete', args=[refused.pk])}?back=day"
        assert browser.post(address).headers["Location"] == f"/staff/doctor/day/2026-03-02/#visit-{refused.pk}"
        before = refused.status
        refused.refresh_from_db()
        assert (refused.status, refused.completed_at) == (before, None)


@time_machine.travel(NOW, tick=False)
def test_twenty_five_appointments_take_twenty_five_presses(browser: Client, north: HospitalCast) -> None:
    fill_day(north, 25)
    presses = 0
    with time_machine.travel(NOW + dt.timedelta(hours=9), tick=False):
        while found := re.search(
            r'formaction="([^"]+/complete/[^"]+)"', browser.get("/staff/doctor/").content.decode()
        ):
            browser.post(found[1])
            presses += 1
    assert (presses, Appointment.objects.filter(status="COMPLETED").count()) == (25, 25)


@time_machine.travel(NOW, tick=False)
def test_visits_of_the_hour_that_comes_twice_are_told_apart(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    twice = [dt.datetime(2026, 10, 25, hour, 15, tzinfo=dt.UTC) for hour in (0, 1)]
    visits = [make_visit(patient, north.doctor, start, minutes=30) for start in twice]
    addresses = ["/staff/doctor/day/2026-10-25/", "/staff/doctor/week/2026-10-25/"]
    addresses += [reverse("staff:doctor-visit", args=[visit.pk]) for visit in visits]
    day, week, first, second = (text_of(browser.get(address).content) for address in addresses)
    for text in (day, week):
        found = [text.replace(" -", "-").count(f"02:15-02:45 {offset}") for offset in ("+02:00", "+01:00")]
        assert found == [1, 1]
    assert "02:15-02:45 +02:00" in first
    assert "02:15-02:45 +01:00" in second


@time_machine.travel(NOW, tick=False)
def test_a_double_booking_is_said_with_every_name(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    make_visit(None, north.doctor, NOW + dt.timedelta(minutes=30), guest_name="Next")
    assert "Double booked" not in text_of(browser.get("/staff/doctor/").content)
    for name in ("Gus", "أحمد الهاشمي"):
        make_visit(None, north.doctor, NOW + dt.timedelta(minutes=10), minutes=20, guest_name=name)
    make_visit(None, north.doctor, NOW, guest_name="Called off", status="CANCELLED", cal_status="cancelled")
    text = text_of(browser.get("/staff/doctor/").content)
    shown = re.search(r"Double booked (.*?)09:00", text)
    assert shown is not None
    assert shown[1].startswith("11:00-11:30 Paula Patient 11:10-11:30 ")
    assert ("Gus" in shown[1], "أحمد الهاشمي" in shown[1], "Next" in shown[1], "Called" in shown[1]) == (
        True,
        True,
        False,
        False,
    )
    assert 'dir="auto"' in browser.get("/staff/doctor/").content.decode()


@time_machine.travel(NOW, tick=False)
def test_what_is_too_short_for_a_visit_is_not_counted_free(browser: Client, north: HospitalCast) -> None:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(12), end_time=dt.time(13))
    make_visit(None, north.doctor, NOW + dt.timedelta(hours=1), minutes=45, guest_name="Gus")
    text = text_of(browser.get("/staff/doctor/").content)
    assert ("free 12:45-13:00" in text, "Free 0 min" in text) == (False, True)
    north.hospital.visit_length_minutes = 15
    north.hospital.save(update_fields=["visit_length_minutes"])
    text = text_of(browser.get("/staff/doctor/").content)
    assert ("free 12:45-13:00" in text, "Free 15 min" in text) == (True, True)
    assert "free" in text_of(browser.get("/staff/doctor/week/").content)


def test_another_day_and_days_that_are_none(browser: Client) -> None:
    text = text_of(browser.get("/staff/doctor/day/2026-03-29/").content)
    assert "Sunday, 29 March" in text
    assert "No working hours and no appointments on this day. Set your hours" in text
    for no_day in ("2026-02-31", "2026-13-01", "0000-00-00", "1999-12-31", "9999-12-31"):
        assert browser.get(f"/staff/doctor/day/{no_day}/").status_code == 404
    for edge in ("2000-01-03", "2199-12-29"):
        assert browser.get(f"/staff/doctor/day/{edge}/").status_code == 200


@time_machine.travel(NOW, tick=False)
def test_a_poll_that_changed_nothing_is_a_304(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    address = "/staff/doctor/day/2026-03-02/"
    page = browser.get(address)
    etag = re.search(r'data-live-etag="([^"]+)"', page.content.decode())
    assert etag is not None
    shown = etag[1].replace("&quot;", '"')
    same = browser.get(address, headers={**POLL, "If-None-Match": shown})
    assert (same.status_code, same.content) == (304, b"")
    assert browser.get(address, headers={**POLL, "If-None-Match": f"W/{shown}"}).status_code == 304
    make_visit(None, north.doctor, NOW + dt.timedelta(hours=1), guest_name="Gus")
    changed = browser.get(address, headers={**POLL, "If-None-Match": shown})
    assert changed.status_code == 200
    assert b"Gus" in changed.content
    assert b"<html" not in changed.content
    assert changed.headers["ETag"] != shown
    assert "X-Poll" in changed.headers["Vary"]


def fill_record(north: HospitalCast, patient: Patient, count: int) -> None:
    for number in range(count):
        start = NOW - dt.timedelta(days=number)
        make_visit(patient, north.doctor, start, status="COMPLETED")
        make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
        AiSession.objects.create(
            patient=patient, source="PHONE_CALL", summary=f"Talk {number}", transcript="Secret", hospital=north.hospital
        )
    Prescription.objects.update(status="APPROVED")


@pytest.mark.parametrize("count", [2, 20])
@time_machine.travel(NOW, tick=False)
def test_the_record_costs_the_same_however_long_and_is_opened_once(
    count: int,
    browser: Client,
    north: HospitalCast,
    patient: Patient,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fill_record(north, patient, count)
    with django_assert_num_queries(10):
        page = browser.get(reverse("staff:doctor-patient", args=[patient.pk]))
    assert page.content.count(b"Summary of a caller who was not verified") == count
    assert b"Secret" not in page.content
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.hospital_id) == ("opened_patient", patient.pk, north.hospital.pk)


@time_machine.travel(NOW, tick=False)
def test_a_phone_that_answered_stop_is_shown(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    page = reverse("staff:doctor-patient", args=[patient.pk])
    assert b"Answered STOP" not in browser.get(page).content
    number = patient.user.phone or ""
    SmsMessage.objects.create(kind="sign_in_code", number=number, status="failed", error_code="stopped")
    assert b"Answered STOP" in browser.get(page).content


@time_machine.travel(NOW, tick=False)
def test_a_visit_matched_by_phone_opens_itself_only_until_confirmed(
    browser: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone", guest_name="Pauline")
    session = AiSession.objects.create(patient=patient, source="APP", summary="Cough.", transcript="Hm.")
    record = reverse("staff:doctor-patient", args=[patient.pk])
    closed = browser.get(record)
    assert (closed.status_code, closed.headers["Location"]) == (302, reverse("staff:doctor-visit", args=[visit.pk]))
    page = text_of(browser.get(closed.headers["Location"]).content)
    assert "Pauline" in page
    assert "Identity verified: Paula Patient" in page
    assert "436601234567" not in page
    transcript = reverse("staff:transcript", args=[session.pk])
    assert browser.post(transcript).status_code == 404
    assert browser.get(reverse("staff:prescribe", args=[patient.pk])).status_code == 404
    assert list(AccessEvent.objects.values_list("action", flat=True)) == ["opened_visit"]
    assert browser.post(reverse("staff:visit-confirm", args=[visit.pk])).headers["Location"] == record
    assert "+43 660 1234567" in text_of(browser.get(record).content)
    assert b"Hm." in browser.post(transcript).content
    actions = AccessEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["opened_visit", "confirmed_identity", "opened_patient", "opened_transcript"]


@time_machine.travel(NOW, tick=False)
def test_of_another_hospital_only_current_medications_are_seen(
    browser: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    make_visit(patient, north.doctor, NOW)
    make_visit(patient, south.doctor, NOW - dt.timedelta(days=3), status="COMPLETED")
    there = make_prescription(patient, south.doctor, pharmacist=south.pharmacist)
    waiting = make_prescription(patient, south.doctor)
    Prescription.objects.filter(pk=there.pk).update(status="APPROVED")
    AiSession.objects.create(patient=patient, source="APP", summary="Of the South.", hospital=south.hospital)
    with time_machine.travel(there.created_at, tick=False):
        page = browser.get(reverse("staff:doctor-patient", args=[patient.pk])).content.decode()
    assert page.count("Ramipril") == 1
    assert "South" in page
    assert "Of the South." not in page
    assert str(there.pk) not in page
    for prescription in (there, waiting):
        assert browser.get(reverse("staff:doctor-prescription", args=[prescription.pk])).status_code == 404


def test_a_question_is_on_the_day_until_it_is_answered(browser: Client, north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
    PrescriptionMessage.objects.create(
        prescription=prescription, author=north.pharmacist.user, body="Is there an allergy?"
    )
    assert b"Is there an allergy?" in browser.get("/staff/doctor/").content
    browser.post(reverse("staff:answer", args=[prescription.pk]), {"text": "None known."})
    assert b"Is there an allergy?" not in browser.get("/staff/doctor/").content
    page = browser.get(reverse("staff:doctor-prescription", args=[prescription.pk])).content
    assert page.index(b"Is there an allergy?") < page.index(b"None known.")
