"""Seals over the access log: what tampering they find, and that nothing committed late escapes them."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from accounts import audit_chain
from accounts.actions import audit_seals
from accounts.actions.audit_seals import seal_access_events
from accounts.audit import AccessAction, Surface, current_surface, record_access
from accounts.audit_chain import SEALED_COLUMNS, verify_chain
from accounts.models import AccessEvent, AuditSeal, Patient, User
from config.settings import base
from integrations import tasks
from tests.cast import HospitalCast

AT = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
OTHER_ID = "7f1c1f9e-6c1e-4d0a-9f52-0b2f3f1c9e11"


def record(*, by: User | None = None, count: int = 1) -> None:
    for _ in range(count):
        record_access(by=by, action=AccessAction.OPENED_PATIENT, patient_id=uuid.uuid4(), object_kind="patient")


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


def test_a_long_backlog_is_sealed_in_parts(
    north: HospitalCast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(audit_seals, "MOST_EVENTS", 4)
    monkeypatch.setattr(audit_chain, "BATCH", 2)
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


class Writer(threading.Thread):
    """Records one event in a transaction of its own, and commits when told."""

    def __init__(self, *, commits: bool = True) -> None:
        super().__init__(daemon=True)
        self.commits, self.written, self.go_on = commits, threading.Event(), threading.Event()
        self.event_id = 0

    def run(self) -> None:
        try:
            with transaction.atomic():
                record()
                self.event_id = AccessEvent.objects.latest("id").pk
                self.written.set()
                self.go_on.wait(20)
                transaction.set_rollback(not self.commits)
        finally:
            connection.close()

    def __enter__(self) -> Writer:
        self.start()
        assert self.written.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        self.go_on.set()
        self.join(20)


@pytest.mark.django_db(transaction=True)
def test_a_row_committed_late_below_a_newer_id_is_not_lost() -> None:
    with Writer() as late:
        record()
        newer = AccessEvent.objects.latest("id").pk
        assert late.event_id < newer
        assert seal_access_events(at=AT, patience_seconds=0) is None
        late.finish()
        seal = seal_access_events(at=AT, patience_seconds=0)
    assert seal
    assert (seal.first_event_id, seal.last_event_id, seal.events) == (late.event_id, newer, 2)
    assert verify_chain().broken is None


@pytest.mark.django_db(transaction=True)
def test_a_row_rolled_back_late_leaves_a_gap_that_holds() -> None:
    with Writer(commits=False):
        record()
        assert seal_access_events(at=AT, patience_seconds=0) is None
    seal = seal_access_events(at=AT)
    assert seal
    assert seal.events == 1
    assert verify_chain().broken is None


@pytest.mark.django_db(transaction=True)
def test_the_seal_waits_for_a_short_transaction() -> None:
    with Writer() as late:
        record()
        threading.Timer(0.1, late.go_on.set).start()
        seal = seal_access_events(at=AT)
    assert seal
    assert seal.events == 2


@pytest.mark.django_db(transaction=True)
def test_one_process_seals_at_a_time() -> None:
    record(count=3)
    barrier, seals = threading.Barrier(4), []

    def run() -> None:
        barrier.wait(20)
        try:
            seals.append(seal_access_events(at=AT))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len([seal for seal in seals if seal]) == 1
    assert AuditSeal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sealed_log_under_many_writers_loses_nothing(patient: Patient) -> None:
    stop = threading.Event()

    def write() -> None:
        try:
            for _ in range(25):
                with transaction.atomic():
                    record(by=patient.user, count=2)
        finally:
            connection.close()

    def seal() -> None:
        try:
            while not stop.is_set():
                seal_access_events(at=AT)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, daemon=True) for _ in range(4)]
    sealer = threading.Thread(target=seal, daemon=True)
    for thread in (*writers, sealer):
        thread.start()
    for thread in writers:
        thread.join(30)
    stop.set()
    sealer.join(30)
    seal_access_events(at=AT)
    found = verify_chain()
    assert (found.broken, found.sealed_events, found.unsealed_events) == (None, 200, 0)
