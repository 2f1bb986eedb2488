"""Free times: Cal.com's, kept for a moment, dropped when bookings change, and our own when Cal.com does not answer."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from clinical.models import Appointment
from clinical.ports import Slots, SlotTaken
from hospitals.models import DoctorTimeOff, Hospital
from integrations.calcom.api.budget import SLOTS_A_PATIENT, SLOTS_A_WINDOW, shared_budget
from integrations.calcom.api.requests import Attendee, ScheduleInput
from integrations.calcom.api.responses import ScheduleWindow
from integrations.calcom.bookings.provider import CalcomBookings, forget_slots
from integrations.calcom.bookings.slots import _remember, is_offered
from integrations.calcom.inbound.processing import process_webhooks
from integrations.calcom.schedules.event_types import push_next_event_type
from integrations.calcom.schedules.publisher import CalcomSchedules, push_next_schedule
from integrations.models import BookingRequest, CalLink
from tests.clinical.records import make_visit
from tests.integrations.calcom.clinic import TEAM_ID, call, next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.inbound.test_webhooks import event, post
from tests.integrations.calcom.requests import book, run_all

HALF_HOUR = dt.timedelta(minutes=30)
NINE = MONDAY_TEN - dt.timedelta(hours=1)
ALL = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
WITHOUT_TEN = [start for start in ALL if start != "10:00"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_minute_later() -> None:
    for key in shared_budget().connection.scan_iter("{calcom:slots}:*"):
        shared_budget().connection.delete(key)


def slots(connected: Connected) -> Slots:
    """The doctor's Monday, nine to twelve in Vienna."""
    midnight = NINE - dt.timedelta(hours=9)
    end = midnight + dt.timedelta(days=1)
    return CalcomBookings().slots(connected.doctor, start=midnight, end=end, time_zone="Europe/Vienna")


def starts(found: Slots) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in found.slots]


def book_there(connected: Connected) -> None:
    """Past us, and nobody tells."""
    guest = Attendee("Gerda Guest", "Europe/Vienna", phone="+436609999999")
    kind = connected.link.cal_event_type_id or 0
    connected.client.create_booking(start=MONDAY_TEN, event_type_id=kind, attendee=guest, metadata={})


def test_cal_com_is_asked_once_in_a_while(connected: Connected) -> None:
    first = slots(connected)
    assert (starts(first), first.source) == (ALL, "calcom")
    assert first.slots[0].end - first.slots[0].start == HALF_HOUR
    book_there(connected)
    assert slots(connected) == first


def test_a_webhook_drops_what_was_kept(
    connected: Connected, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert starts(slots(connected)) == ALL
    book_there(connected)
    with django_capture_on_commit_callbacks(execute=True):
        assert post(event(connected.link.cal_user_id or 0)) == 200
        process_webhooks(at=timezone.now())
    assert (starts(slots(connected)), slots(connected).source) == (WITHOUT_TEN, "calcom")


def test_ones_own_booking_is_gone_from_the_free_times_at_once(connected: Connected) -> None:
    assert starts(slots(connected)) == ALL
    book(connected)
    run_all()
    assert (starts(slots(connected)), slots(connected).source) == (WITHOUT_TEN, "calcom")


def test_without_cal_com_they_are_our_own_hours(connected: Connected, settings: Settings) -> None:
    book(connected)
    run_all()
    DoctorTimeOff.objects.create(
        doctor=connected.doctor, starts_at=NINE, ends_at=NINE + HALF_HOUR, is_whole_days=False, reason=""
    )
    visit = Appointment.objects.get()
    settings.CALCOM_API_URL = "http://127.0.0.1:9"  # nothing listens there
    found = slots(connected)
    assert (starts(found), found.source) == (["09:30", "10:30", "11:00", "11:30"], "local")
    visit.status = Appointment.Status.CANCELLED
    visit.save()
    assert starts(slots(connected)) == ["09:30", "10:00", "10:30", "11:00", "11:30"]


@pytest.mark.parametrize("fault", ["500", "html", "hang", "429"])
def test_who_comes_next_does_not_wait_for_a_cal_com_that_did_not_answer(connected: Connected, fault: str) -> None:
    next_call(connected.simulator, "GET /v2/slots", fault, seconds=2)
    assert slots(connected).source == "local"
    asked = shared_budget().connection.zcard("{calcom:slots}:calls")
    assert slots(connected).source == "local"
    assert shared_budget().connection.zcard("{calcom:slots}:calls") == asked


def test_with_their_own_calls_used_up_they_are_our_own_hours(connected: Connected) -> None:
    for _ in range(SLOTS_A_WINDOW):
        shared_budget().take("slots", "slots")
    assert slots(connected).source == "local"
    # Bookings have theirs.
    shared_budget().take("create_booking", "booking")


def test_one_patients_curiosity_leaves_the_others_their_free_times(connected: Connected) -> None:
    curious, other = uuid.uuid4(), uuid.uuid4()

    def source(asked_by: uuid.UUID | None) -> str:
        forget_slots(connected.doctor.pk)  # as if another doctor, or other days
        end = NINE + dt.timedelta(hours=1)
        calendar = CalcomBookings()
        return calendar.slots(connected.doctor, start=NINE, end=end, time_zone="UTC", asked_by=asked_by).source

    for _ in range(SLOTS_A_PATIENT):
        assert source(curious) == "calcom"
    assert [source(asked_by) for asked_by in (curious, other, None)] == ["local", "calcom", "calcom"]


def test_a_doctor_who_is_not_connected_has_our_own_hours(connected: Connected) -> None:
    connected.link.delete()
    assert (starts(slots(connected)), slots(connected).source) == (ALL, "local")


def test_hours_in_an_unknown_zone_mean_no_slots(connected: Connected) -> None:
    """Other programs write the column too."""
    CalLink.objects.update(cal_event_type_id=None)
    Hospital.objects.update(time_zone="Mars/Olympus")
    connected.doctor.hospital.refresh_from_db()
    assert (starts(slots(connected)), slots(connected).source) == ([], "local")


def set_hours(connected: Connected, opens: str, closes: str, *, minutes: int, zone: str = "Europe/Vienna") -> None:
    """Other hours on Mondays and another length, here and in Cal.com."""
    connected.doctor.availability.update(start_time=opens, end_time=closes)
    Hospital.objects.update(visit_length_minutes=minutes, time_zone=zone)
    connected.doctor.hospital.refresh_from_db()
    CalcomSchedules().want(connected.doctor.pk)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=False):
        while push_next_schedule() or push_next_event_type():
            pass


def found_in(connected: Connected, zone: str) -> list[str]:
    start = MONDAY_TEN - dt.timedelta(days=1)
    end = MONDAY_TEN + dt.timedelta(days=1)
    return starts(CalcomBookings().slots(connected.doctor, start=start, end=end, time_zone=zone))


def test_cal_com_is_asked_on_the_hospitals_clock(connected: Connected) -> None:
    """Half an hour from UTC's: a grid of whole hours of UTC would begin at 09:30 and lose a visit."""
    set_hours(connected, "09:00", "12:00", minutes=60, zone="Asia/Kolkata")
    kind = f"/v2/organizations/1/teams/{TEAM_ID}/event-types/{connected.link.cal_event_type_id}"
    assert call(connected.simulator, "PATCH", kind, {"showOptimizedSlots": False}).ok
    assert found_in(connected, "Asia/Kolkata") == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize(
    ("opens", "closes", "minutes", "expected"),
    [
        ("09:10", "12:10", 30, ["09:10", "09:40", "10:10", "10:40", "11:10", "11:40"]),
        ("08:15", "10:15", 60, ["08:15", "09:15"]),
        ("09:05", "12:00", 60, ["10:00", "11:00"]),
        ("08:45", "10:45", 20, ["08:45", "09:05", "09:25", "09:45", "10:05", "10:25"]),
    ],
)
def test_our_own_times_are_cal_coms(
    connected: Connected, settings: Settings, opens: str, closes: str, minutes: int, expected: list[str]
) -> None:
    set_hours(connected, opens, closes, minutes=minutes)
    there = slots(connected)
    assert (starts(there), there.source) == (expected, "calcom")
    settings.CALCOM_API_URL = "http://127.0.0.1:9"
    forget_slots(connected.doctor.pk)
    here = slots(connected)
    assert (here.source, here.slots) == ("local", there.slots)


def test_a_booking_moves_the_grid_here_and_there_alike(connected: Connected, settings: Settings) -> None:
    set_hours(connected, "09:00", "12:00", minutes=25)
    book(connected, MONDAY_TEN - dt.timedelta(minutes=35))
    run_all()
    there = slots(connected)
    assert starts(there) == ["09:00", "09:50", "10:15", "10:40", "11:05", "11:30"]
    settings.CALCOM_API_URL = "http://127.0.0.1:9"
    forget_slots(connected.doctor.pk)
    assert slots(connected).slots == there.slots


def test_a_day_is_asked_for_whole_and_once(connected: Connected) -> None:
    def asked(start: dt.datetime, hours: int) -> list[str]:
        end = start + dt.timedelta(hours=hours)
        return starts(CalcomBookings().slots(connected.doctor, start=start, end=end, time_zone="Europe/Vienna"))

    assert asked(MONDAY_TEN, 1) == ["10:00", "10:30"]
    assert asked(MONDAY_TEN + dt.timedelta(minutes=17), 1) == ["10:30", "11:00"]
    assert asked(NINE, 3) == ALL
    assert shared_budget().connection.zcard("{calcom:slots}:calls") == 1


def test_a_night_has_one_grid_whichever_day_is_asked_for(connected: Connected) -> None:
    connected.doctor.availability.create(day_of_week=2, start_time="00:00", end_time="06:00")
    set_hours(connected, "22:00", "23:59", minutes=50)
    connected.doctor.availability.filter(day_of_week=2).update(start_time="00:00", end_time="06:00")
    CalcomSchedules().want(connected.doctor.pk)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=False):
        while push_next_schedule():
            pass
    midnight = NINE + dt.timedelta(hours=15)
    tuesday = CalcomBookings().slots(
        connected.doctor, start=midnight, end=midnight + dt.timedelta(days=1), time_zone="Europe/Vienna"
    )
    assert (starts(tuesday), tuesday.source) == (
        ["00:30", "01:20", "02:10", "03:00", "03:50", "04:40"],
        "calcom",
    )


@pytest.mark.parametrize(
    "after",
    [{"minutes": 1}, {"minutes": 15}, {"seconds": 30}, {"microseconds": 500000}, {"hours": 2}, {"days": 1}],
)
def test_what_is_not_offered_is_refused_and_not_sent(connected: Connected, after: dict[str, int]) -> None:
    with pytest.raises(SlotTaken):
        book(connected, MONDAY_TEN + dt.timedelta(**after))
    assert BookingRequest.objects.count() == 0


@pytest.mark.parametrize("after", [{"minutes": 1}, {"microseconds": 500000}])
def test_the_api_answers_that_it_is_not_free(
    connected: Connected, api: APIClient, settings: Settings, after: dict[str, int]
) -> None:
    settings.BOOKING_HORIZON = MONDAY_TEN - timezone.now() + dt.timedelta(days=30)
    start = MONDAY_TEN + dt.timedelta(**after)
    body = {"doctor": str(connected.doctor.pk), "start": start.isoformat()}
    answer = api.post("/api/v1/appointments/", body, headers={"Idempotency-Key": "one"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert answer.json()["detail"] == "This is not one of the doctor's free times."
    assert BookingRequest.objects.count() == 0


def test_a_move_to_what_is_not_offered_is_refused_and_not_sent(connected: Connected) -> None:
    book(connected)
    run_all()
    visit = Appointment.objects.get()
    with pytest.raises(SlotTaken):
        CalcomBookings().request_reschedule(appointment=visit, start=MONDAY_TEN + dt.timedelta(minutes=1), reason="")
    assert BookingRequest.objects.count() == 1


def test_what_was_offered_a_moment_ago_is_not_refused(connected: Connected) -> None:
    """Whatever became of the hours since, and though only Cal.com offered it."""
    link = connected.link
    edited = ScheduleInput("Europe/Vienna", [ScheduleWindow(days=("Monday",), start_time="13:05", end_time="13:35")])
    connected.client.update_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0, edited)
    assert starts(slots(connected)) == ["13:05"]
    start = slots(connected).slots[0].start
    forget_slots(connected.doctor.pk)
    request = book(connected, start)
    run_all()
    assert BookingRequest.objects.get(pk=request).state == "done"
    cache.clear()
    with pytest.raises(SlotTaken):
        book(connected, start)


def test_what_our_own_hours_offered_is_not_refused_after_a_booking_moved_the_grid(
    connected: Connected, settings: Settings
) -> None:
    set_hours(connected, "09:00", "12:00", minutes=50)
    url = settings.CALCOM_API_URL
    settings.CALCOM_API_URL = "http://127.0.0.1:9"
    assert starts(slots(connected)) == ["09:00", "09:50", "10:40"]
    make_visit(connected.patient, connected.doctor, NINE, minutes=55)
    assert starts(slots(connected)) == ["10:00", "10:50"]
    settings.CALCOM_API_URL = url
    for minutes in (50, 60, 110):
        book(connected, NINE + dt.timedelta(minutes=minutes))
    # Without any memory of it what our hours offer now is enough.
    cache.clear()
    book(connected, NINE + dt.timedelta(minutes=60))


def test_what_two_readers_were_offered_at_the_same_moment_is_all_remembered(connected: Connected) -> None:
    evening = MONDAY_TEN + dt.timedelta(hours=8)  # outside the hours: only what is remembered counts
    offers = [[evening + dt.timedelta(minutes=2 * number + one) for number in range(50)] for one in range(2)]
    both_ready = threading.Barrier(2)

    def offer(starts: list[dt.datetime]) -> None:
        both_ready.wait()
        for start in starts:
            _remember(connected.doctor, [(start, start + HALF_HOUR)])

    with ThreadPoolExecutor(2) as readers:
        list(readers.map(offer, offers))
    assert all(is_offered(connected.doctor, start) for starts in offers for start in starts)
