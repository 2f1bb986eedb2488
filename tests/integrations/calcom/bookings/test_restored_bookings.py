"""Bookings that were queued when a dump was taken, and made since."""

from __future__ import annotations

import pytest
from django.utils import timezone

from clinical.models import Appointment
from integrations.models import BookingRequest
from integrations.restored_dump import settle_restored_dump
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.requests import book, held, outcome, run_all

pytestmark = pytest.mark.django_db


def test_a_booking_made_after_the_dump_is_found_and_not_refused(connected: Connected) -> None:
    request = book(connected)
    run_all()
    # The database goes back to the moment at which the request was queued; Cal.com does not.
    Appointment.objects.all().delete()
    BookingRequest.objects.update(
        state="queued", appointment=None, booking_uid=None, sent_at=None, resolved_at=None, tries=0
    )

    assert settle_restored_dump(at=timezone.now())["bookings"] == 1
    run_all()

    assert outcome(connected, request).state == "done"
    assert Appointment.objects.get().start_ts == MONDAY_TEN
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_a_booking_that_was_not_made_is_made_once(connected: Connected) -> None:
    request = book(connected)
    settle_restored_dump(at=timezone.now())
    run_all()

    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]
