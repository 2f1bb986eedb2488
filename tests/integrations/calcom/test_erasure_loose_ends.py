"""Erasing what nothing ties to the person but a number or our proof: news that made no visit."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from clinical.models import AppointmentBooking
from integrations.calcom.inbound.processing import process_webhooks
from integrations.models import CalWebhook
from tests.cast import make_patient
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.erasing import DAY, NAME, NOW, NUMBER, WORDS, erase, hits
from tests.integrations.calcom.inbound.test_webhooks import event, post
from tests.integrations.calcom.mirror import PATIENT_PHONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_a_booking_that_made_no_visit_keeps_no_name(connected: Connected, operator: User) -> None:
    other = make_patient("436600000001", "Otto Other")
    facts = {"attendee_name": NAME, "cancellation_reason": WORDS}
    kept: dict[str, dict[str, Any]] = {
        "number": {"attendee_phone": NUMBER},
        "past": {"attendee_phone": NUMBER, "end_ts": NOW - DAY},
        "proof": {"reference": str(connected.patient.pk), "end_ts": NOW + DAY},
        # Somebody typed the number, and is still to come; somebody else's.
        "ahead": {"attendee_phone": NUMBER, "end_ts": NOW + DAY},
        "other": {"reference": str(other.pk), "attendee_phone": "436600000001"},
    }
    for uid, more in kept.items():
        AppointmentBooking.objects.create(uid=uid, **facts, **more)
    done = erase(connected.patient, operator)
    assert done.report["bookings_without_visit"] == 3
    named = AppointmentBooking.objects.filter(attendee_name=NAME, cancellation_reason=WORDS, erased_at=None)
    assert set(named.values_list("uid", flat=True)) == {"ahead", "other"}
    gone = AppointmentBooking.objects.filter(attendee_name=None, attendee_phone=None, cancellation_reason=None)
    assert set(gone.values_list("uid", "erased_at")) == {("number", NOW), ("past", NOW), ("proof", NOW)}


def test_a_webhook_that_could_not_be_applied_names_nobody_either(connected: Connected, operator: User) -> None:
    attendees = [{"name": NAME, "email": "p@test", "phoneNumber": PATIENT_PHONE}]
    unknown_organizer = 987654
    post(event(unknown_organizer, attendees=attendees))
    stranger = [{"name": "Otto Other", "email": "o@test", "phoneNumber": "+436600000001"}]
    post(event(unknown_organizer, attendees=stranger, uid="uid-2"))
    process_webhooks(at=NOW)
    assert set(CalWebhook.objects.values_list("status", flat=True)) == {"FAILED"}
    done = erase(connected.patient, operator)
    assert done.report["guest_webhook_bodies"] == 1
    assert (hits(NAME), hits(NUMBER), hits("Otto Other")) == ([], [], ["cal_webhooks"])
