"""Seals over the access log: what tampering they find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, transaction
from pytest_django import Settings

from accounts.access_log import seals as seals_module
from accounts.access_log.record import AccessAction, Surface, current_surface, record_access
from accounts.access_log.seals import SEALED_COLUMNS, seal_access_events, verify_chain
from accounts.models import AccessEvent, AuditSeal
from config.settings import base
from integrations import tasks
from tests.accounts.access_log.sealing import AT, record
from tests.cast import HospitalCast

OTHER_ID = "7f1c1f9e-6c1e-4d0a-9f52-0b2f3f1c9e11"


@pytest.fixture
def sealed(north: HospitalCast) -> list[AuditSeal]:
    """Nine rows under three seals."""
    seals = []
    for minute in range(3):
        record(by=north.admin, count=3)
        seals.append(seal_access_events(at=AT + dt.timedelta(minutes=minute)))
    assert [seal.events for seal in seals if seal] == [3, 3, 3]
    return [seal for seal in seals if seal]


@contextmanager
def past_the_guard(table: str = "access_events") -> Iterator[None]:
    """What somebody who owns the table can do."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")


def verified() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def complaint() -> str:
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", stdout=StringIO())
    assert refused.value.returncode == 1
    return str(refused.value)


def test_an_untouched_chain_holds(sealed: list[AuditSeal], north: HospitalCast) -> None:
    record(by=north.admin, count=2)
    assert verified() == (
        f"3 seals over 9 rows hold; the last is {sealed[2].pk}, {sealed[2].digest}.\n2 rows wait for the next seal.\n"
    )


def test_an_empty_log_holds(db: None) -> None:
    assert seal_access_events(at=AT) is None
    assert verified() == "0 seals over 0 rows hold.\n0 rows wait for the next seal.\n"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01 00:00:00+00"),
        ("actor_id", OTHER_ID),
        ("actor_role", "DOCTOR"),
        ("action", "printed"),
        ("patient_id", OTHER_ID),
        ("object_kind", "prescription"),
        ("object_id", "other"),
        ("hospital_id", OTHER_ID),
        ("surface", "api"),
        ("address", "192.0.2.7"),
        ("reason", "other"),
    ],
)
def test_an_altered_row_is_found(sealed: list[AuditSeal], column: str, value: str) -> None:
    with past_the_guard(), connection.cursor() as cursor:
        row = sealed[1].first_event_id + 1
        cursor.execute(f"UPDATE access_events SET {column} = %s WHERE id = %s", [value, row])
    assert complaint() == (
        f"Seal {sealed[1].pk} does not hold: one of the rows {sealed[1].first_event_id} to {sealed[1].last_event_id},"
        " or the seal itself, is altered, or its key is not among AUDIT_KEYS. The 1 seals before it hold (3 rows)."
    )


def test_every_column_is_sealed() -> None:
    assert set(SEALED_COLUMNS) == {field.name for field in AccessEvent._meta.concrete_fields}


def test_a_row_that_takes_anothers_id_is_found(sealed: list[AuditSeal]) -> None:
    first = AccessEvent.objects.earliest("id").pk
    with past_the_guard(), connection.cursor() as cursor:
        cursor.execute("UPDATE access_events SET id = -1 WHERE id = %s", [first])
    assert f"it begins at row -1, and was made from row {first}" in complaint()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_removed_row_is_found(sealed: list[AuditSeal], place: int) -> None:
    with past_the_guard():
        AccessEvent.objects.filter(id=sealed[place].last_event_id).delete()
    assert complaint() == (
        f"Seal {sealed[place].pk} does not hold: 1 rows up to id {sealed[place].last_event_id} are removed. "
        f"The {place} seals before it hold ({place * 3} rows)."
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_inserted_among_sealed_ones_is_found(north: HospitalCast, place: int) -> None:
    gaps = []
    seals = []
    for minute in range(3):
        record(by=north.admin)
        with transaction.atomic():
            record()
            gaps.append(AccessEvent.objects.latest("id").pk)
            transaction.set_rollback(True)
        record(by=north.admin)
        seals.append(seal_access_events(at=AT + dt.timedelta(minutes=minute)))
    AccessEvent.objects.create(id=gaps[place], action="opened_patient")
    found = verify_chain().broken
    sealed_there = seals[place]
    assert found
    assert sealed_there
    assert (found.seal_id, found.what[:15]) == (sealed_there.pk, "1 rows up to id")


def test_a_row_swapped_for_another_is_found(sealed: list[AuditSeal]) -> None:
    last = sealed[2].last_event_id
    with past_the_guard():
        AccessEvent.objects.filter(id=last).delete()
    AccessEvent.objects.create(id=last, action="opened_patient")
    assert f"Seal {sealed[2].pk} does not hold" in complaint()


@pytest.mark.parametrize("place", [0, 1])
def test_a_removed_seal_is_found(sealed: list[AuditSeal], place: int) -> None:
    with past_the_guard("audit_seals"):
        AuditSeal.objects.filter(pk=sealed[place].pk).delete()
    assert f"Seal {sealed[place + 1].pk} does not hold: 3 rows" in complaint()


def test_a_seal_made_without_the_key_is_found(sealed: list[AuditSeal], settings: Settings) -> None:
    record()
    settings.AUDIT_KEYS = ["somebody-elses-key-0123456789abcdef"]
    forged = seal_access_events(at=AT)
    settings.AUDIT_KEYS = ["audit-key-for-tests-0123456789abcd"]
    assert forged
    assert f"Seal {forged.pk} does not hold" in complaint()


def test_seals_of_an_older_key_hold_while_it_is_listed(sealed: list[AuditSeal], settings: Settings) -> None:
    old = settings.AUDIT_KEYS[0]
    settings.AUDIT_KEYS = ["a-newer-audit-key-0123456789abcdef", old]
    record()
    seal_access_events(at=AT)
    assert verify_chain().seals == 4
    settings.AUDIT_KEYS = ["a-newer-audit-key-0123456789abcdef"]
    assert verify_chain().broken


def test_no_start_with_keys_that_would_break_the_chain(sealed: list[AuditSeal], settings: Settings) -> None:
    """`migrate` asks, which comes before each start."""
    [old], new = settings.AUDIT_KEYS, "a-newer-audit-key-0123456789abcdef"
    settings.AUDIT_KEYS = [new, old]
    call_command("migrate", skip_checks=False, verbosity=0)
    record()
    assert seal_access_events(at=AT)
    call_command("migrate", skip_checks=False, verbosity=0)
    # The oldest seal does not hold, then the newest.
    for keys, seal in (([new], sealed[0]), ([old], AuditSeal.objects.latest("id"))):
        settings.AUDIT_KEYS = keys
        with pytest.raises(SystemCheckError) as refused:
            call_command("migrate", skip_checks=False, verbosity=0)
        assert f"AUDIT_KEYS do not fit the access log: seal {seal.pk} does not hold" in str(refused.value)


def test_a_long_backlog_is_sealed_in_parts(
    north: HospitalCast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(seals_module, "MOST_EVENTS", 4)
    monkeypatch.setattr(seals_module, "BATCH", 2)
    record(by=north.admin, count=10)
    tasks.seal_access_events()
    assert list(AuditSeal.objects.order_by("id").values_list("events", flat=True)) == [4, 4, 2]
    assert verify_chain().broken is None


def test_the_task_runs_every_minute() -> None:
    (entry,) = [e for e in base.CELERY_BEAT_SCHEDULE.values() if e["task"] == "integrations.seal_access_events"]
    assert entry["schedule"] == 60.0


def test_sealed_rows_keep_address_and_words_of_any_script(north: HospitalCast) -> None:
    token = current_surface.set(Surface("admin", "2001:db8::1"))
    record_access(by=north.admin, action=AccessAction.BROKE_GLASS, reason='Ärztin "hat" nachgefragt \u2028 \\')
    current_surface.reset(token)
    seal_access_events(at=AT)
    assert verify_chain().broken is None
