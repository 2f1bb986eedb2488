"""The pages beside the list of visits: the week, what needs a look, and what an admin says about one visit."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessEvent, Patient, Role, User
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from clinical.visits.shown import VisitState
from hospitals.models import Doctor, DoctorTimeOff
from tests.admin.records import book, prescribe
from tests.cast import HospitalCast, make_staff

pytestmark = pytest.mark.usefixtures("published")

BASE = "/admin/clinical/appointment/"
CALENDAR = f"{BASE}calendar/"
TO_LOOK_AT = f"{BASE}conflicts/"
# A Saturday; 10:00 in Vienna.
AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(AT, tick=False):
        yield


def said(client: Client, address: str, body: dict[str, str] | None = None) -> str:
    """The newest of the messages that no page has shown yet."""
    answer = client.post(address, body or {})
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


def test_the_week_shows_each_doctors_days(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    book(north, patient, AT)
    book(north, None, AT + HOUR / 4)
    DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=AT + DAY, ends_at=AT + DAY + HOUR)
    page = admin_client.get(CALENDAR).content.decode()
    assert "16 Nov &ndash; 22 Nov 2026" in page
    assert f'href="{CALENDAR}?week=2026-11-16&amp;doctor={north.doctor.pk}">Dora North</a>' in page
    assert "10:00&ndash;10:45" in page
    assert "1 overlap<" in page
    assert '<span class="week-mark">off</span>' in page
    assert "23 Nov &ndash; 29 Nov 2026" in admin_client.get(f"{CALENDAR}?week=2026-11-27").content.decode()


def test_a_doctors_week_names_who_comes(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, AT)
    book(north, None, AT + DAY, status="CANCELLED")
    page = admin_client.get(f"{CALENDAR}?doctor={north.doctor.pk}").content.decode()
    assert "Week of Dora North" in page
    assert f'href="{BASE}{visit.pk}/change/"' in page
    assert "Paula Patient" in page
    assert "Greta Guest" in page
    assert "Dora South" not in admin_client.get(f"{CALENDAR}?doctor={south.doctor.pk}").content.decode()


@pytest.mark.parametrize("query", ["week=yesterday", "week=0001-01-01", "week=9999-12-31", "doctor=x", "doctor=%00"])
def test_nonsense_in_the_address_shows_this_week(admin_client: Client, query: str) -> None:
    assert "16 Nov &ndash; 22 Nov 2026" in admin_client.get(f"{CALENDAR}?{query}").content.decode()


def guest(cast: HospitalCast, phone: str | None, start: dt.datetime) -> Appointment:
    visit = book(cast, None, start)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit, attendee_phone=phone, attendee_at=AT)
    return visit


def test_what_needs_a_look_is_counted_and_has_a_next_step(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    book(north, patient, AT + DAY)
    later = book(north, patient, AT + DAY + HOUR / 4)
    found = guest(north, patient.user.phone, AT + 2 * DAY)
    page = admin_client.get(TO_LOOK_AT).content.decode()
    assert '<a class="portal-card portal-jump" href="#overlap"><span class="portal-figure">1</span>' in page
    assert f'action="{BASE}{later.pk}/decide/"' in page
    assert f'action="{BASE}{found.pk}/match/"' in page
    assert found.cal_booking_id not in page
    assert said(admin_client, f"{BASE}{later.pk}/decide/", {"choice": "keep", "back": "attention"}) == (
        "It stays as booked."
    )
    assert said(admin_client, f"{BASE}{found.pk}/match/").startswith("Linked to the patient with this number.")
    assert "Nothing needs attention." in admin_client.get(TO_LOOK_AT).content.decode()


def test_what_there_is_to_do_comes_first_and_the_rest_in_one_line(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    unsure = book(north, patient, AT)
    Appointment.objects.filter(pk=unsure.pk).update(patient_match="phone", guest_name="Carl Child")
    AppointmentBooking.objects.create(
        uid=unsure.cal_booking_id, appointment=unsure, attendee_phone="436601234567", attendee_at=AT
    )
    page = admin_client.get(TO_LOOK_AT).content.decode()
    assert re.findall(r'<section class="portal-card" id="([^"]+)"', page) == ["unconfirmed"]
    assert (
        "Nothing to do: Overlapping appointments of a doctor; Appointments in a doctor&#x27;s time off;"
        " Appointments of a deactivated doctor; Guests with the phone number of a patient."
    ) in page
    assert '<dd dir="auto">Carl Child, +43 660 1234567</dd>' in page
    assert '<dd dir="auto">Paula Patient, +43 660 1234567</dd>' in page
    assert (
        page.index("It is this patient")
        < page.index("This opens the whole record of Paula Patient")
        < page.index("Yes, open the record")
    )


def listed(client: Client, query: str = "") -> list[uuid.UUID]:
    return [row.pk for row in client.get(f"{BASE}{query}").context["cl"].result_list]


def test_the_list_opens_on_today_in_the_order_of_the_day(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    late, early = book(north, patient, AT + 3 * HOUR), book(north, patient, AT - 2 * HOUR)
    tomorrow, past = book(north, patient, AT + DAY), book(north, patient, AT - 30 * DAY)
    assert listed(admin_client) == [early.pk, late.pk]
    assert listed(admin_client, "?from=2026-11-22&to=2026-11-22") == [tomorrow.pk]
    assert listed(admin_client, "?from=2026-11-16&to=2026-11-22") == [early.pk, late.pk, tomorrow.pk]
    assert listed(admin_client, "?day=any") == [tomorrow.pk, late.pk, early.pk, past.pk]
    page = admin_client.get(BASE).content.decode()
    assert 'href="?from=2026-11-21&amp;to=2026-11-21" aria-current="true">Today</a>' in page
    assert 'href="?from=2026-11-22&amp;to=2026-11-22">Tomorrow</a>' in page
    assert 'href="?from=2026-11-16&amp;to=2026-11-22">This week</a>' in page
    assert 'href="?day=any"' in page


def test_each_state_is_shown_in_words(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    times = {
        VisitState.OVERDUE: AT - 2 * HOUR,
        VisitState.NOW: AT,
        VisitState.BOOKED: AT + HOUR,
        VisitState.PENDING: AT + 2 * HOUR,
        VisitState.CANCELLED: AT + 3 * HOUR,
        VisitState.COMPLETED: AT - 3 * HOUR,
        VisitState.NO_SHOW: AT - 4 * HOUR,
    }
    rows = {state: book(north, patient, start).pk for state, start in times.items()}
    Appointment.objects.filter(pk=rows[VisitState.PENDING]).update(cal_status="pending")
    Appointment.objects.filter(pk=rows[VisitState.CANCELLED]).update(status="CANCELLED")
    Appointment.objects.filter(pk=rows[VisitState.COMPLETED]).update(status="COMPLETED")
    Appointment.objects.filter(pk=rows[VisitState.NO_SHOW]).update(no_show=True)
    page = admin_client.get(BASE).content.decode()
    badges = [" ".join(one.split()) for one in re.findall(r'class="portal-badge [^>]*>([^<]+)</span>', page)]
    assert badges == [str(state.label) for state in sorted(times, key=lambda one: times[one])]


def test_the_list_finds_patients_and_guests_by_name_from_today_on(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    book(north, patient, AT - DAY)
    later, sooner = book(north, patient, AT + 9 * DAY), book(north, patient, AT + DAY)
    greta = guest(north, "436640000001", AT + 2 * DAY)
    child = book(north, patient, AT + 3 * DAY)
    Appointment.objects.filter(pk=child.pk).update(patient_match="phone", guest_name="Carl Child")
    book(south, None, AT + DAY)
    assert listed(admin_client, "?q=paula") == [sooner.pk, child.pk, later.pk]
    assert listed(admin_client, "?q=greta") == [greta.pk]
    assert listed(admin_client, "?q=%2B43+664+0000001") == [greta.pk]
    assert listed(admin_client, "?q=carl") == [child.pk]
    assert AccessEvent.objects.filter(action="searched_patients").count() == 4
    assert listed(admin_client, "?q=p") == []
    assert AccessEvent.objects.filter(action="searched_patients").count() == 4


def test_a_cancellation_that_is_on_its_way_offers_nothing_more_and_needs_a_reason(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, AT + DAY)
    address = f"{BASE}{visit.pk}/decide/"
    for choice in ("cancel", "ask_to_move"):
        answer = admin_client.post(address, {"choice": choice, "reason": " "})
        assert answer.headers["Location"] == f"{BASE}{visit.pk}/change/?without-reason={choice}#decide"
        page = admin_client.get(answer.headers["Location"]).content.decode()
        assert 'id="decide-reason-error">Say why: the patient reads it.</p>' in page
        assert ('<details class="portal-details" open>' in page) is (choice == "cancel")
    assert "required" not in page[page.index('id="decide"') :]
    assert not VisitDecision.objects.exists()
    said(admin_client, address, {"choice": "cancel", "reason": "Ill"})
    page = admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert "As of 10:00 the cancellation is on its way to Cal.com." in page
    assert "Yes, cancel it" not in page


def test_the_list_can_be_narrowed_to_what_needs_a_look(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    first, second = book(north, patient, AT + DAY), book(north, patient, AT + DAY + HOUR / 4)
    book(north, patient, AT + 3 * DAY)
    page = admin_client.get(f"{BASE}?conflict=overlap")
    assert {row.pk for row in page.context["cl"].result_list} == {first.pk, second.pk}
    assert list(admin_client.get(f"{BASE}?conflict=time_off").context["cl"].result_list) == []
    assert admin_client.get(f"{BASE}?conflict=x").status_code == 302


def test_the_whole_page_renews_itself_and_its_polls_are_not_put_on_record_again(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, AT + DAY)
    address = f"{BASE}{visit.pk}/change/"
    page = admin_client.get(address).content.decode()
    (proof,) = re.findall(r'<div id="record" data-live data-live-proof="([^"]+)">', page)
    record = page[page.index('id="record"') :]
    for part in ("portal-summary", "Ask to move", "What happened"):
        assert part in record
    assert "submit-row" not in page
    assert AccessEvent.objects.filter(action="opened_visit").count() == 1
    Appointment.objects.filter(pk=visit.pk).update(status="CANCELLED", cancellation_reason="I am ill")
    polled = admin_client.get(address, headers={"X-Poll": proof}).content.decode()
    assert "I am ill" in polled
    assert "Ask to move" not in polled
    assert AccessEvent.objects.filter(action="opened_visit").count() == 1
    admin_client.get(address, headers={"X-Poll": "1"})
    assert AccessEvent.objects.filter(action="opened_visit").count() == 2


def test_keeping_is_offered_where_something_speaks_against_the_visit(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, AT + DAY)

    def offers() -> bool:
        return 'value="keep"' in admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()

    assert not offers()
    other = book(north, patient, AT + DAY + HOUR / 4)
    assert offers()
    Appointment.objects.filter(pk=other.pk).update(status="CANCELLED")
    assert not offers()
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=AT + DAY, ends_at=AT + DAY + HOUR)
    assert offers()
    said(admin_client, f"{BASE}{visit.pk}/decide/", {"choice": "keep"})
    assert not offers()
    off.delete()
    said(admin_client, f"{BASE}{visit.pk}/decide/", {"choice": "ask_to_move", "reason": "Ill"})
    assert offers()
    VisitDecision.objects.all().delete()
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    assert offers()


def test_a_guest_whose_number_no_patient_has_stays_a_guest(admin_client: Client, north: HospitalCast) -> None:
    visit = guest(north, "436640000001", AT)
    assert "Look for the patient with this number" in admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert said(admin_client, f"{BASE}{visit.pk}/match/") == "No patient has signed in with this number."


def test_the_admin_confirms_who_sits_there(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    visit = book(north, patient, AT)
    Appointment.objects.filter(pk=visit.pk).update(patient_match="phone")
    page = admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert "It is this patient" in page
    assert said(admin_client, f"{BASE}{visit.pk}/confirm/").startswith("Confirmed.")
    visit.refresh_from_db()
    assert visit.identity_confirmed_at == AT
    page = admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert "Yes, open the record" not in page
    assert "Undo: it is not this patient" in page
    assert said(admin_client, f"{BASE}{visit.pk}/withdraw/") == "Undone: the record is closed to the doctor again."
    visit.refresh_from_db()
    assert visit.identity_confirmed_at is None
    assert "Yes, open the record" in admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    event = AccessEvent.objects.get(action="confirmed_identity")
    assert (event.actor_id, event.patient_id, event.surface) == (north.admin.pk, patient.pk, "admin")


def test_a_visits_page_has_the_number_to_ring_and_reading_it_is_on_record(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visits = [book(north, patient, AT), guest(north, "436640000001", AT + HOUR), guest(north, None, AT + 2 * HOUR)]
    pages = [admin_client.get(f"{BASE}{visit.pk}/change/").content.decode() for visit in visits]
    assert 'href="tel:+436601234567">+43 660 1234567</a>' in pages[0]
    assert 'href="tel:+436640000001">+43 664 0000001</a>' in pages[1]
    assert "no number" in pages[2]
    events = AccessEvent.objects.filter(action="opened_visit").order_by("pk")
    assert [(one.actor_id, one.patient_id, one.object_id) for one in events] == [
        (north.admin.pk, visit.patient_id, str(visit.pk)) for visit in visits
    ]


def test_a_visit_to_come_is_kept_moved_or_cancelled(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, AT + DAY)
    address = f"{BASE}{visit.pk}/decide/"
    assert said(admin_client, address, {"choice": "ask_to_move", "reason": "x" * 900}) == (
        "The patient is asked to choose another time."
    )
    change = VisitDecision.objects.get()
    assert (change.choice, len(change.reason), change.decided_by_id) == ("ask_to_move", 500, north.admin.pk)
    assert said(admin_client, address) == "Choose what is to happen with the appointment."
    assert VisitDecision.objects.count() == 1
    past = book(north, patient, AT - HOUR)
    assert said(admin_client, f"{BASE}{past.pk}/decide/", {"choice": "cancel", "reason": "Ill"}) == (
        "This visit has begun: it can no longer be cancelled or moved."
    )
    assert not VisitDecision.objects.filter(appointment=past.pk).exists()


def test_the_history_names_no_booking(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    visit = book(north, patient, AT)
    AppointmentBooking.objects.create(
        uid=visit.cal_booking_id, appointment=visit, start_ts=AT, times_at=AT - DAY, status="accepted", status_at=AT
    )
    page = admin_client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert "Booked for Sat 21 Nov 2026, 10:00" in page
    assert visit.cal_booking_id not in page
    assert "Open what Cal.com sent" not in page


@pytest.mark.parametrize("name", ["decide", "confirm", "withdraw", "match"])
def test_another_hospitals_visit_is_not_there(
    admin_client: Client, south: HospitalCast, patient: Patient, name: str
) -> None:
    visit = book(south, patient, AT + DAY)
    for pk in (visit.pk, uuid.uuid4()):
        assert str(pk) in said(admin_client, f"{BASE}{pk}/{name}/", {"choice": "keep"})
    assert not VisitDecision.objects.exists()


@pytest.mark.parametrize("rows", [2, 20])
def test_the_pages_take_as_many_queries_for_twenty_rows_as_for_two(
    admin_client: Client, north: HospitalCast, patient: Patient, rows: int
) -> None:
    for number in range(rows):
        user = make_staff(north.hospital, Role.DOCTOR, f"d{number}@north.test", f"Doctor {number}")
        Doctor.objects.create(user=user, hospital=north.hospital)
        visit = book(north, patient, AT + number * HOUR)
        guest(north, patient.user.phone, AT + number * HOUR)
    pages = {
        CALENDAR: 6,
        f"{CALENDAR}?doctor={north.doctor.pk}": 5,
        TO_LOOK_AT: 9,
        f"{BASE}{visit.pk}/change/": 13,
        f"{BASE}?conflict=overlap": 7,
    }
    taken = {}
    # Content types are read once in a process.
    admin_client.get(f"{BASE}{visit.pk}/change/")
    for address in pages:
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(address).status_code == 200
        taken[address] = len(queries)
        assert not any("COUNT(*)" in query["sql"] and "LIMIT" not in query["sql"] for query in queries)
    assert taken == pages


def test_a_prescriptions_page_tells_what_happened(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    row = prescribe(north, patient)
    page = admin_client.get(f"/admin/clinical/prescription/{row.pk}/change/").content.decode()
    assert "What happened" in page
    assert "Written, <strong>Dora North</strong>" in page
