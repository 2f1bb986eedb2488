"""Migrations beside a program that is running: they wait for locks for a moment only, and can be run again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import OperationalError, connection, migrations, models
from django.db.migrations.state import ProjectState
from django.utils import timezone

from config.startup_errors import database_problem
from integrations.models import SyncRun
from tests.faults.harness import until

INDEX = "sync_runs_trial_idx"
_END_BUILDING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%'
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """Another session, in autocommit."""
    with psycopg.connect(database_url(), autocommit=True) as session:
        yield session


def database_url() -> str:
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"


def indexes() -> list[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [INDEX])
        return [is_valid for (is_valid,) in cursor.fetchall()]


@pytest.fixture
def unmade() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class _Indexing(migrations.Migration):
    atomic = False
    operations = [AddIndexConcurrently("syncrun", models.Index(fields=["seen"], name=INDEX))]


def make_index() -> None:
    state = ProjectState.from_apps(SyncRun._meta.apps)
    with connection.schema_editor(atomic=False) as editor:
        _Indexing("trial", "integrations").apply(state, editor)


def test_a_change_of_a_table_in_use_gives_up_soon_and_says_so(other: psycopg.Connection) -> None:
    with other.transaction():
        other.execute("SELECT count(*) FROM sync_runs")
        began = timezone.now()
        with pytest.raises(OperationalError) as refused, connection.schema_editor() as editor:
            editor.execute("ALTER TABLE sync_runs ADD COLUMN trial integer")
        assert (timezone.now() - began).total_seconds() < 10
    assert "run it again" in str(database_problem(refused.value))
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_an_index_that_was_left_half_made_is_made_anew(other: psycopg.Connection, unmade: None) -> None:
    for _ in range(2):
        SyncRun.objects.create(kind="window", window_start=timezone.now())
    with pytest.raises(psycopg.errors.UniqueViolation):
        other.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON sync_runs (seen)")
    assert indexes() == [False]
    make_index()
    assert indexes() == [True]


def test_an_index_whose_migration_was_killed_half_way_is_made_anew(other: psycopg.Connection, unmade: None) -> None:
    """Killed with its session, as when a container ends while the building waits for a writer."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database_url()}
    script = "import django; django.setup(); from tests.data.test_migrating import make_index; make_index()"
    with other.transaction():
        other.execute("LOCK TABLE sync_runs IN ROW EXCLUSIVE MODE")
        migrating = subprocess.Popen([sys.executable, "-c", script], env=environment)
        until(lambda: indexes() == [False])
        migrating.kill()
        migrating.wait()
        other.execute(_END_BUILDING)
    assert indexes() == [False]
    make_index()
    assert indexes() == [True]


def test_an_index_that_was_made_before_its_migration_was_killed_is_kept(unmade: None) -> None:
    make_index()
    make_index()
    assert indexes() == [True]
