"""Nothing that is committed late, or by many at once, escapes the seals."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from accounts.access_log.seals import seal_access_events, verify_chain
from accounts.models import AccessEvent, AuditSeal, Patient
from tests.accounts.access_log.sealing import AT, record


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
