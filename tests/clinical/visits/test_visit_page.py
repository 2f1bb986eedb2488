from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Patient, SmsMessage
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from integrations.models import BookingRequest
from tests.cast import HospitalCast
from tests.clinical.agenda.test_doctor_views import POLL
from tests.clinical.conftest import SignedIn
from tests.clinical.pages import text_of
from tests.clinical.records import make_visit

# Monday, 11:00 in Vienna.
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
VISIT_QUERIES = 5
pytestmark = [pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


@pytest.fixture
def begun(north: HospitalCast, patient: Patient) -> Appointment:
    visit = make_visit(patient, north.doctor, NOW)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit)
    return visit


@pytest.fixture
def ahead(north: HospitalCast, patient: Patient) -> Appointment:
    return make_visit(patient, north.doctor, NOW + dt.timedelta(days=1))


def send(browser: Client, name: str, visit: Appointment, **facts: str) -> str:
    """What the page says after the button."""
    answer = browser.post(reverse(f"staff:visit-{name}", args=[visit.pk]), facts, follow=True)
    assert answer.redirect_chain == [(reverse("staff:doctor-visit", args=[visit.pk]), 302)]
    return answer.content.decode()


@pytest.mark.parametrize(("name", "said"), [("complete", "Recorded: attended."), ("no-show", "Recorded: no-show.")])
def test_a_mark_offers_its_undoing(name: str, said: str, browser: Client, begun: Appointment) -> None:
    page = send(browser, name, begun)
    assert said in page
    undo = re.search(r'class="toast.*?action="([^"]+)".*?>Undo<', page, re.DOTALL)
    assert undo is not None
    assert undo[1] == reverse("staff:visit-unmark", args=[begun.pk])
    back = browser.post(undo[1], follow=True).content.decode()
    assert "Outcome cleared." in back
    assert ">Undo<" not in back
    begun.refresh_from_db()
    assert (begun.status, begun.completed_at, begun.no_show) == ("SCHEDULED", None, False)


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ("queued", None, "Sending the outcome to Cal.com"),
        ("refused", "stays_local", "Saved in Wardbook only: Cal.com does not allow it."),
        ("refused", "unknown_there", "Saved in Wardbook only: Cal.com does not know this appointment."),
        ("refused", "calendar_unavailable", "Saved in Wardbook only: Cal.com could not be reached."),
        ("refused", "refused", "Saved in Wardbook only: Cal.com refused it."),
        ("done", None, ""),
    ],
)
def test_where_the_mark_stands_is_said(
    state: str, code: str | None, said: str, browser: Client, begun: Appointment
) -> None:
    page = send(browser, "no-show", begun)
    assert "Sending the outcome to Cal.com" in page
    BookingRequest.objects.update(state=state, outcome_code=code)
    page = browser.get(reverse("staff:doctor-visit", args=[begun.pk])).content.decode()
    assert ("Cal.com" in page) == bool(said)
    assert said in page


def test_a_visit_is_cancelled_with_a_reason(browser: Client, ahead: Appointment) -> None:
    page = send(browser, "change", ahead, choice="cancel_for_good", reason="I am ill.")
    assert "Cancellation pending: waiting for Cal.com." in page
    assert "I am ill." in page
    assert "Cancel the appointment" not in page
    assert (VisitDecision.objects.get().choice, BookingRequest.objects.get().kind) == ("cancel", "cancel")
    BookingRequest.objects.update(state="refused")
    page = browser.get(reverse("staff:doctor-visit", args=[ahead.pk])).content.decode()
    assert "Cancellation failed: Cal.com refused it." in page
    assert "Cancel the appointment" in page


def test_cancelling_is_asked_once_more(browser: Client, ahead: Appointment) -> None:
    address = reverse("staff:visit-change", args=[ahead.pk])
    asked = browser.post(address, {"choice": "cancel", "reason": "I am <ill>."})
    text = text_of(asked.content)
    assert (asked.status_code, VisitDecision.objects.count(), BookingRequest.objects.count()) == (200, 0, 0)
    assert "Cancel this appointment? Paula Patient Tuesday, 3 March 2026, 11:00-11:30 “I am &lt;ill&gt;.”" in text
    back = browser.post(address, {"choice": "back", "reason": "I am <ill>."}).content.decode()
    assert "I am &lt;ill&gt;.</textarea>" in back
    assert not VisitDecision.objects.exists()


def test_a_reason_is_shown_once(browser: Client, ahead: Appointment) -> None:
    send(browser, "change", ahead, choice="cancel_for_good", reason="I am ill.")
    Appointment.objects.update(status="CANCELLED", cal_status="cancelled", cancellation_reason="I am ill.")
    page = browser.get(reverse("staff:doctor-visit", args=[ahead.pk])).content.decode()
    assert page.count("I am ill.") == 1
    Appointment.objects.update(cancellation_reason="By phone.")
    page = browser.get(reverse("staff:doctor-visit", args=[ahead.pk])).content.decode()
    assert (page.count("I am ill."), page.count("By phone.")) == (1, 1)


def test_a_patient_is_asked_to_move_and_need_not_after_all(browser: Client, ahead: Appointment) -> None:
    page = send(browser, "change", ahead, choice="ask_to_move", reason="A course.")
    assert "asked to choose another time and has not done so yet" in page
    assert list(SmsMessage.objects.values_list("kind", flat=True)) == ["visit_to_move"]
    page = send(browser, "keep", ahead)
    assert "The appointment stays as it was booked." in page
    assert "has not yet" not in page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"choice": "cancel", "reason": " "}, "Enter a reason."),
        ({"choice": "cancel", "reason": "x" * 501}, "Ensure this value has at most 500 characters"),
        ({"choice": "keep", "reason": "x"}, None),
        ({"reason": "x"}, None),
    ],
)
def test_errors_stand_beside_the_reason(
    facts: dict[str, str], said: str | None, browser: Client, ahead: Appointment
) -> None:
    answer = browser.post(reverse("staff:visit-change", args=[ahead.pk]), facts)
    assert answer.status_code == 422
    assert said is None or said in answer.content.decode()
    assert not VisitDecision.objects.exists()
    assert not BookingRequest.objects.exists()


def test_what_has_begun_is_not_cancelled(browser: Client, begun: Appointment) -> None:
    page = send(browser, "change", begun, choice="cancel", reason="Too late.")
    assert "it can no longer be cancelled or moved" in page
    assert not VisitDecision.objects.exists()


def test_the_visit_keeps_itself_up_to_date(
    browser: Client, ahead: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page = reverse("staff:doctor-visit", args=[ahead.pk])
    address, poll = polled(browser, page)
    with django_assert_num_queries(VISIT_QUERIES):
        etag = browser.get(address, headers=poll).headers["ETag"]
    assert browser.get(address, headers={**poll, "If-None-Match": etag}).status_code == 304


def polled(browser: Client, page: str) -> tuple[str, dict[str, str]]:
    """What the page asks, and how."""
    html = browser.get(page).content.decode()
    (address,) = re.findall(r'hx-get="([^"]+)"', html)
    (proof,) = re.findall(r'"X-Poll": "([^"]+)"', html)
    return address, {**POLL, "X-Poll": proof}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "CANCELLED", "cal_status": "cancelled", "cancellation_reason": "Well again"},
        {"no_show": True},
        {"start_ts": NOW, "end_ts": NOW + dt.timedelta(minutes=30)},
        {"patient": None, "patient_match": "none"},
    ],
)
def test_a_visit_that_stands_otherwise_has_other_buttons(
    change: dict[str, object], browser: Client, ahead: Appointment
) -> None:
    page = reverse("staff:doctor-visit", args=[ahead.pk])
    address, poll = polled(browser, page)
    assert "HX-Redirect" not in browser.get(address, headers=poll).headers
    Appointment.objects.update(**change)
    assert browser.get(address, headers=poll).headers["HX-Redirect"] == page
    assert "HX-Redirect" not in browser.get(page).headers
