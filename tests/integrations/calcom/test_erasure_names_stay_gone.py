"""Neither a pull nor a replay nor a late word brings back what was erased."""

from __future__ import annotations

import json

import pytest
import time_machine
from pydantic import JsonValue

from accounts.models import User
from clinical.models import AiSession, Appointment
from integrations.calcom.inbound.processing import process_webhooks
from integrations.calcom.inbound.pull import pull_changed_bookings
from integrations.calcom.inbound.replay import replay_webhooks
from integrations.models import CalWebhook, SyncDrift
from tests.cast import make_patient
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.erasing import DAY, MINUTE, NAME, NOW, NUMBER, WORDS, erase, fill, hits, mirrored_visit
from tests.integrations.calcom.inbound.test_webhooks import event, post
from tests.integrations.calcom.mirror import PATIENT_PHONE, imported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_a_pull_does_not_bring_the_name_back(
    connected: Connected, operator: User, clock: time_machine.Traveller
) -> None:
    visit = mirrored_visit(connected)
    erase(connected.patient, operator)
    clock.shift(9 * MINUTE)
    # The booking changes there, and is listed again with its name.
    imported(
        connected,
        "a",
        start="2026-11-30T09:30:00Z",
        attendee={"name": NAME, "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW + 5 * MINUTE).isoformat(),
    )
    assert pull_changed_bookings().repaired == {"changed_times": 1}
    assert Appointment.objects.get().start_ts == visit.start_ts + 30 * MINUTE
    assert Appointment.objects.get().patient_id == connected.patient.pk
    assert pull_changed_bookings().repaired == {}
    assert not SyncDrift.objects.exists()
    assert (hits(NAME), hits(NUMBER)) == ([], [])


def test_an_old_booking_that_was_missed_names_nobody_either(
    connected: Connected, operator: User, clock: time_machine.Traveller
) -> None:
    erase(connected.patient, operator)
    newcomer = make_patient(NUMBER, "Nora New")
    clock.shift(MINUTE)
    attendee: JsonValue = {"name": NAME, "phoneNumber": PATIENT_PHONE}
    imported(connected, "old", attendee=attendee, updatedAt=(NOW - MINUTE).isoformat())
    imported(
        connected,
        "new",
        start="2026-12-14T09:00:00Z",
        attendee={"name": "Nora New", "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW + MINUTE).isoformat(),
    )
    pull_changed_bookings()
    old, new = (Appointment.objects.get(cal_booking_id=uid) for uid in ("old", "new"))
    assert (old.patient_id, old.guest_name) == (None, None)
    # Who has the number now is known by it.
    assert (new.patient_id, new.guest_name) == (newcomer.pk, "Nora New")
    assert hits(NAME) == []


def test_a_replayed_or_late_webhook_does_not_bring_the_name_back(connected: Connected, operator: User) -> None:
    attendees = [{"name": NAME, "email": "p@test", "phoneNumber": PATIENT_PHONE}]
    organizer_id = connected.link.cal_user_id or 0
    post(event(organizer_id, attendees=attendees))
    process_webhooks(at=NOW)
    visit = Appointment.objects.get()
    assert visit.patient_id == connected.patient.pk
    Appointment.objects.update(start_ts=NOW - DAY, end_ts=NOW - DAY + 30 * MINUTE)
    done = erase(connected.patient, operator)
    assert done.report["webhook_bodies"] == 1
    assert hits(NAME) == []
    assert replay_webhooks(CalWebhook.objects.all(), by=None, at=NOW) == 1
    process_webhooks(at=NOW)
    # Another one about the same booking, as Cal.com sends it, with the name in it.
    post(event(organizer_id, attendees=attendees, title="A visit"))
    flat = {"triggerEvent": "MEETING_ENDED", "uid": "uid-1", "attendees": attendees, "title": NAME}
    post(json.dumps(flat).encode())
    process_webhooks(at=NOW)
    assert set(CalWebhook.objects.values_list("status", flat=True)) == {"PROCESSED"}
    assert hits(NAME) == []
    assert Appointment.objects.get().pk == visit.pk


def test_late_words_of_a_talk_are_not_kept(connected: Connected, operator: User) -> None:
    fill(connected.patient, connected.doctor)
    erase(connected.patient, operator)
    talk = AiSession.objects.get()
    talk.transcript, talk.summary = WORDS, WORDS
    talk.save()
    assert AiSession.objects.filter(transcript=None, summary=None).count() == 1
    assert hits(WORDS) == []
