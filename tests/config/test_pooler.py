"""Behind PgBouncer in transaction mode, where each transaction may meet another session of the server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.access_log.seals import _is_only_sealer
from accounts.models import User
from config import health
from core.db.prepared import Parameter, PreparedRead
from dev.embedded.pgbouncer import is_installed, running_pgbouncer
from tests.config.test_health import own_pool

__all__ = ["own_pool"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (is_installed() or os.environ.get("CI")), reason="there is no pgbouncer here"),
]
CLIENTS, TIMES = 6, 25


@pytest.fixture
def pooler(own_pool: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The tests' own database, behind a pooler; the settings say so."""
    direct = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    with running_pgbouncer(tmp_path / "pooler", direct) as url:
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", int(url.rpartition(":")[2].partition("/")[0]))
        monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
        options = settings.DATABASES["default"]["OPTIONS"] | {"prepare_threshold": None}
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
        close_pool()
        yield url
        connection.close()


def close_pool() -> None:
    """The next is made from the settings as they are then."""
    wrapper: Any = connection
    wrapper.close_pool()


def by_many(work: Any) -> list[Any]:
    """What each of several clients gets at once, each with a connection of its own."""

    def one(number: int) -> list[Any]:
        try:
            return [work() for _ in range(TIMES)]
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [answer for answers in clients.map(one, range(CLIENTS)) for answer in answers]


def test_the_sessions_do_change(pooler: str) -> None:
    """Of one connection: so these tests try what they say."""

    def pids() -> frozenset[int]:
        found = set()
        with connection.cursor() as cursor:
            for _ in range(TIMES):
                cursor.execute("SELECT pg_backend_pid()")
                found.add(int(cursor.fetchone()[0]))
        return frozenset(found)

    assert max(len(found) for found in by_many(pids)) > 1


def test_hot_reads_are_answered(pooler: str) -> None:
    user = User.objects.create(phone="436601234567", role="PATIENT")
    read = PreparedRead(lambda: User.objects.filter(pk=Parameter("pk")).values("phone"))
    assert by_many(lambda: read.rows(pk=user.pk)) == [[{"phone": "436601234567"}]] * CLIENTS * TIMES


def test_long_reads_in_pieces_are_answered(pooler: str) -> None:
    User.objects.bulk_create(User(phone=f"43660{number:07}", role="PATIENT") for number in range(30))
    assert by_many(lambda: len(list(User.objects.iterator(chunk_size=10)))) == [30] * CLIENTS * TIMES


def test_locks_end_with_their_transactions(pooler: str) -> None:
    with transaction.atomic():
        assert _is_only_sealer()
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_tried).result() is False
    assert by_many(lambda: None) == [None] * CLIENTS * TIMES
    assert _tried() is True


def _tried() -> bool:
    try:
        with transaction.atomic():
            return _is_only_sealer()
    finally:
        connection.close()


def test_times_are_read_in_utc(pooler: str) -> None:
    def zone() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('TimeZone')")
            return str(cursor.fetchone()[0])

    assert set(by_many(zone)) == {"UTC"}


def test_asking_whether_we_are_ready_leaves_nothing_to_strangers(pooler: str) -> None:
    for _ in range(8):
        assert health.ask_database()["database"] == "ok"

    def limits() -> Any:
        with psycopg.connect(pooler, autocommit=True) as stranger:
            return stranger.execute(
                "SELECT current_setting('statement_timeout'), current_setting('work_mem')"
            ).fetchone()

    assert {limits() for _ in range(12)} == {("0", "4MB")}


def test_a_pooler_that_settings_do_not_know_of_is_not_ready(pooler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that loses what was prepared, as PgBouncer before 1.21 does; a newer one serves prepared reads too."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", 5)
    close_pool()
    states = {state["database"] for state in by_many(health.ask_database)}
    assert states <= {"ok", "fails: InvalidSqlStatementName", "fails: DuplicatePreparedStatement"}
    failed = sum(_prepared_read_fails() for _ in range(20))
    assert (failed == 0) == (states == {"ok"})


def _prepared_read_fails() -> bool:
    try:
        PreparedRead(lambda: User.objects.filter(pk=Parameter("pk")).values("phone")).rows(pk=None)
    except Exception as error:
        return "prepared statement" in str(error)
    finally:
        connection.close()
    return False
