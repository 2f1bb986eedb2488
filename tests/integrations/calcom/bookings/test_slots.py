"""Free times: Cal.com's, kept for a moment, dropped when bookings change, and our own when Cal.com does not answer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clinical.models import Appointment
from clinical.ports import Slots
from hospitals.models import DoctorTimeOff, Hospital
from integrations.calcom.api.budget import SLOTS_A_WINDOW, shared_budget
from integrations.calcom.api.requests import Attendee
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.inbound.processing import process_webhooks
from integrations.models import CalLink
from tests.integrations.calcom.clinic import next_call
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


def test_a_doctor_who_is_not_connected_has_our_own_hours(connected: Connected) -> None:
    connected.link.delete()
    assert (starts(slots(connected)), slots(connected).source) == (ALL, "local")


def test_hours_in_an_unknown_zone_mean_no_slots(connected: Connected) -> None:
    """Other programs write the column too."""
    CalLink.objects.update(cal_event_type_id=None)
    Hospital.objects.update(time_zone="Mars/Olympus")
    connected.doctor.hospital.refresh_from_db()
    assert (starts(slots(connected)), slots(connected).source) == ([], "local")
