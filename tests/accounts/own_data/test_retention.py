"""How long things are kept: what is due goes, what is not stays, and a dry run counts the same and changes nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from accounts.access_log.seals import seal_access_events, verify_chain
from accounts.models import AccessEvent, AuditCut, AuditSeal, OneTimeCode, Patient, SmsMessage
from accounts.own_data.retention import apply_retention, count_due, rules
from clinical.models import AiSession, Appointment, ChatMessage
from config.checks import check_access_log_is_kept
from config.models import IdempotencyKey
from integrations.calcom.inbound.processing import process_webhooks
from integrations.calcom.inbound.replay import replay_webhooks
from integrations.models import BookingLookup, CalWebhook, ContractCheck, SubscriptionCheck, SyncRun, VapiEvent
from tests.cast import HospitalCast
from tests.permissions.world import everything

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2035, 3, 2, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
BODY = {
    "triggerEvent": "BOOKING_CREATED",
    "createdAt": "2034-01-01T00:00:00Z",
    "payload": {
        "uid": "uid-1",
        "bookingId": 7,
        "startTime": "2034-01-02T10:00:00Z",
        "title": "Paula Patient and Dora North",
        "attendees": [{"name": "Paula Patient", "phoneNumber": "+436601234567"}],
        "responses": {"notes": {"value": "my knee"}},
        "organizer": {"id": 9, "email": "doctor@north.test"},
    },
}
SCRUBBED_BODY = {
    "scrubbed": True,
    "triggerEvent": "BOOKING_CREATED",
    "createdAt": "2034-01-01T00:00:00Z",
    "payload": {"scrubbed": True, "uid": "uid-1", "bookingId": 7, "startTime": "2034-01-02T10:00:00Z"},
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


# What `make_rows` makes one of.
MADE = (
    *("one_time_codes", "sms_messages", "transcripts", "visit_payloads", "webhook_bodies", "vapi_events"),
    *("chat_messages", "booking_lookups", "sync_runs", "subscription_checks", "contract_checks"),
    "idempotency_keys",
)


def make_rows(north: HospitalCast, patient: Patient, name: str, at: dt.datetime) -> None:
    """One of each kind, of that moment."""
    code = OneTimeCode.objects.create(number="436601234567", otp=4321, created_at=at)
    SmsMessage.objects.create(kind="sign_in_code", number="436601234567", code=code, created_at=at)
    IdempotencyKey.objects.create(owner_id=patient.pk, key=name, request_hash="x", created_at=at)
    digest = uuid.uuid4().hex
    CalWebhook.objects.create(
        raw_webhook_body=BODY, signature_header="s", status="PROCESSED", body_sha256=digest, received_at=at
    )
    VapiEvent.objects.create(
        event_type="call", projection={"words": "my knee"}, body_sha256=digest, status="PROCESSED", received_at=at
    )
    talk = AiSession.objects.create(patient=patient, source="APP", transcript="my knee", summary="Knee.", start_time=at)
    ChatMessage.objects.create(session=talk, kind="message", state="failed", line=0, asked_at=at, settled_at=at)
    Appointment.objects.create(
        cal_booking_id=name,
        cal_raw_payload=BODY["payload"],
        doctor=north.doctor,
        patient=patient,
        start_ts=at - MINUTE,
        end_ts=at,
        status="COMPLETED",
    )
    BookingLookup.objects.create(uid=name, reason="webhook", queued_at=at)
    SyncRun.objects.create(kind="updated", window_start=at, started_at=at, reached_at=at)
    SubscriptionCheck.objects.create(checked_at=at)
    ContractCheck.objects.create(checked_at=at)


def make_event(at: dt.datetime) -> AccessEvent:
    return AccessEvent.objects.create(action="opened_patient", at=at, actor_role="DOCTOR")


def test_each_kind_goes_when_its_time_has_come_and_a_dry_run_says_so(north: HospitalCast, patient: Patient) -> None:
    for name, kept in settings.RETENTION.items():
        if name != "access_events":
            make_rows(north, patient, f"{name} old", NOW - kept)
            make_rows(north, patient, f"{name} young", NOW - kept + MINUTE)
    make_rows(north, patient, "now", NOW)
    before = everything()
    counted = count_due(at=NOW)
    said = StringIO()
    call_command("apply_retention", "--dry-run", stdout=said)
    assert everything() == before
    assert said.getvalue().splitlines() == [*(f"{name}: {n}" for name, n in counted.items()), "Nothing was changed."]
    assert {name: counted[name] for name in MADE} == {name: due_by_hand(name) for name in MADE}
    assert apply_retention(at=NOW) == counted
    assert set(count_due(at=NOW).values()) == {0}
    assert set(apply_retention(at=NOW).values()) == {0}


def due_by_hand(name: str) -> int:
    """Of the rows made above: two for each kind, at its age and a minute younger, and one now."""
    kept = settings.RETENTION[name]
    ages = [
        age
        for other, limit in settings.RETENTION.items()
        if other != "access_events"
        for age in (limit, limit - MINUTE)
    ]
    return sum(age >= kept for age in [*ages, dt.timedelta(0)])


def test_bodies_and_payloads_keep_ids_and_times(north: HospitalCast, patient: Patient) -> None:
    make_rows(north, patient, "old", NOW - settings.RETENTION["sms_messages"])
    call_command("apply_retention", stdout=StringIO())
    webhook = CalWebhook.objects.get()
    assert (webhook.raw_webhook_body, webhook.signature_header, webhook.scrubbed_at) == (SCRUBBED_BODY, None, NOW)
    assert Appointment.objects.get().cal_raw_payload == SCRUBBED_BODY["payload"]
    talk = AiSession.objects.get()
    assert (talk.transcript, talk.summary) == (None, "Knee.")


def test_what_is_work_stays(north: HospitalCast, patient: Patient) -> None:
    old = NOW - settings.RETENTION["access_events"]
    CalWebhook.objects.create(raw_webhook_body=BODY, received_at=old)
    VapiEvent.objects.create(event_type="call", projection={}, body_sha256="1", received_at=old)
    BookingLookup.objects.create(uid="a", reason="webhook", queued_at=old, due_at=old)
    SyncRun.objects.create(kind="updated", window_start=old, started_at=old, reached_at=old)
    SyncRun.objects.create(kind="updated", window_start=old, started_at=old, error="gone")
    before = everything()
    assert set(apply_retention(at=NOW).values()) == {0}
    assert everything() == before


def test_a_scrubbed_webhook_can_be_replayed_and_changes_nothing(north: HospitalCast) -> None:
    CalWebhook.objects.create(raw_webhook_body=SCRUBBED_BODY, status="PROCESSED", received_at=NOW, scrubbed_at=NOW)
    assert replay_webhooks(CalWebhook.objects.all(), by=None, at=NOW) == 1
    process_webhooks(at=NOW)
    assert CalWebhook.objects.get().status == "PROCESSED"
    assert not Appointment.objects.exists()


def test_many_go_in_batches_and_an_interrupted_run_is_gone_on_with(settings: Settings) -> None:
    OneTimeCode.objects.bulk_create(
        OneTimeCode(number=f"4366{n}", otp=1234, created_at=NOW - dt.timedelta(days=2)) for n in range(2500)
    )
    assert apply_retention(at=NOW, seconds=0)["one_time_codes"] == 0
    [rule] = [rule for rule in rules() if rule.name == "one_time_codes"]
    assert rule.step(before=NOW, at=NOW, limit=1000) == 1000
    assert apply_retention(at=NOW)["one_time_codes"] == 1500


def test_every_setting_has_its_rule() -> None:
    assert {rule.name for rule in rules()} == set(settings.RETENTION)


# The database's own clock decides about these, so they are as old as it takes, by either clock.
LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


def seal_at(at: dt.datetime) -> AuditSeal:
    seal = seal_access_events(at=at)
    assert seal is not None
    return seal


def test_the_access_log_is_cut_at_a_seal_and_the_rest_still_verifies() -> None:
    old = [make_event(LONG_AGO) for _ in range(3)]
    first = seal_at(LONG_AGO)
    make_event(LONG_AGO)
    seal_at(LONG_AGO + dt.timedelta(days=1))
    kept = make_event(NOW)
    last = seal_at(NOW)
    unsealed = make_event(LONG_AGO)
    assert count_due(at=NOW)["access_events"] == 4
    assert apply_retention(at=NOW)["access_events"] == 4
    assert list(AccessEvent.objects.order_by("id").values_list("pk", flat=True)) == [kept.pk, unsealed.pk]
    assert AuditCut.objects.get().last_event_id == old[-1].pk + 1
    found = verify_chain()
    assert (found.seals, found.sealed_events, found.unsealed_events, found.broken) == (1, 1, 1, None)
    assert found.last == last
    assert first.last_event_id == old[-1].pk
    # Nothing more is due: no second cut is made.
    assert apply_retention(at=NOW)["access_events"] == 0
    assert AuditCut.objects.count() == 1


def test_the_chain_behind_a_cut_still_tells_of_a_change() -> None:
    make_event(LONG_AGO)
    seal_at(LONG_AGO)
    events = [make_event(NOW) for _ in range(3)]
    seal = seal_at(NOW)
    apply_retention(at=NOW)
    tamper("DELETE FROM access_events WHERE id = %s", [events[1].pk])
    broken = verify_chain().broken
    assert broken is not None
    assert (broken.seal_id, broken.what) == (seal.pk, f"1 rows up to id {seal.last_event_id} are removed")


@pytest.mark.parametrize("column", ["last_event_id = last_event_id + 1", "digest = 'cut-1:00'", "seal_digest = 'x'"])
def test_a_forged_cut_is_noticed(column: str) -> None:
    make_event(LONG_AGO)
    seal_at(LONG_AGO)
    apply_retention(at=NOW)
    assert verify_chain().broken is None
    tamper(f"UPDATE audit_cuts SET {column}")
    broken = verify_chain().broken
    assert broken is not None
    assert "forged" in broken.what


def test_a_cut_that_is_taken_away_is_noticed() -> None:
    make_event(LONG_AGO)
    seal_at(LONG_AGO)
    apply_retention(at=NOW)
    tamper("DELETE FROM audit_cuts")
    broken = verify_chain().broken
    assert broken is not None
    assert broken.what.startswith("1 rows up to id ")


def test_the_trigger_lets_go_of_nothing_that_is_young_or_not_below_a_cut() -> None:
    old, young = make_event(LONG_AGO), make_event(dt.datetime.now(dt.UTC))
    refused("DELETE FROM access_events WHERE id = %s", old.pk)
    AuditCut.objects.create(at=NOW, last_seal_id=1, last_event_id=young.pk, seal_digest="x", digest="x")
    refused("DELETE FROM access_events WHERE id = %s", young.pk)
    refused("UPDATE access_events SET reason = 'x' WHERE id = %s", old.pk)
    refused("DELETE FROM audit_cuts WHERE last_event_id = %s", young.pk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_events WHERE id = %s", [old.pk])
        assert cursor.rowcount == 1


def refused(statement: str, pk: int) -> None:
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [pk])


def tamper(statement: str, parameters: list[Any] | None = None) -> None:
    """As somebody might who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize(("days", "ids"), [(2192, []), (2191, ["config.E002"]), (0, ["config.E002"])])
def test_a_setting_that_would_lose_the_access_log_is_said_in_words(
    days: int, ids: list[str], settings: Settings
) -> None:
    settings.RETENTION = {**settings.RETENTION, "access_events": dt.timedelta(days=days)}
    found = check_access_log_is_kept(None)
    assert [one.id for one in found] == ids
    assert all(f"says {days} days" in one.msg for one in found)
