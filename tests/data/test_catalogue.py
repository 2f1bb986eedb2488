"""Migrating gives the same schema wherever it starts, and holds the reference schema exactly."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connections

from tests.data.catalogue import catalogue, column_order
from tests.data.conftest import REFERENCE, ROOT, SUPABASE, MakeDatabase, migrate, run_sql
from tests.data.rows import ROWS

Databases = dict[str, str]


@pytest.fixture(scope="module")
def databases(make_database: MakeDatabase, django_db_setup: None) -> Databases:
    """The reference itself, and three migrated databases: from nothing, over the reference, beside Supabase.

    The one from nothing is the test run's own.
    """
    urls = {name: make_database(name) for name in ("reference", "seeded", "supabase")}
    urls["empty"] = urlunsplit(
        urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connections['default'].settings_dict['NAME']}")
    )
    for name in ("reference", "seeded"):
        run_sql(urls[name], REFERENCE.read_text())
    run_sql(urls["seeded"], ROWS)
    run_sql(urls["supabase"], SUPABASE.read_text())
    for name in ("seeded", "supabase"):
        done = migrate(urls[name])
        assert done.returncode == 0, done.stderr
    return urls


@pytest.mark.parametrize("name", ["seeded", "supabase"])
def test_every_start_ends_in_the_same_catalogue(databases: Databases, name: str) -> None:
    assert catalogue(databases[name]) == catalogue(databases["empty"])
    assert column_order(databases[name]) == column_order(databases["empty"])


def test_the_reference_schema_is_there_exactly(databases: Databases) -> None:
    reference, ours = catalogue(databases["reference"]), catalogue(databases["empty"])
    missing = {kind: sorted(set(lines) - set(ours[kind])) for kind, lines in reference.items() if kind != "table"}
    no_default = "generated= identity= comment=Timestamp"
    assert missing == {
        "enum": [],
        "column": [
            f"users.last_login timestamp without time zone {no_default} of last successful login",
            f"users.lockout_until timestamp without time zone {no_default} until which account is locked",
        ],
        "constraint": [],
        "index": [],
        "sequence": [],
        "trigger": [],
        "function": [],
    }
    comments = {line.replace("rls=false", "rls=true") for line in reference["table"]}
    assert comments <= set(ours["table"])


def test_the_reference_columns_come_first_and_in_order(databases: Databases) -> None:
    ours = dict(column_order(databases["empty"]))
    for table, columns in column_order(databases["reference"]):
        assert ours[table][: len(columns)] == columns


def test_what_was_there_before_is_kept_and_read_as_utc(databases: Databases) -> None:
    with psycopg.connect(databases["seeded"]) as connection:
        times = connection.execute(
            "SELECT last_login AT TIME ZONE 'UTC', lockout_until AT TIME ZONE 'UTC', hospital_id::text FROM users"
            " WHERE email = 'doctor@seed.test'"
        ).fetchone()
        hospitals = connection.execute(
            "SELECT (SELECT hospital_id FROM appointments)::text,"
            " (SELECT array_agg(DISTINCT hospital_id::text) FROM prescriptions)"
        ).fetchone()
    north = "a0000000-0000-0000-0000-000000000001"
    assert times is not None
    assert [str(value) for value in times] == ["2026-01-02 03:04:05", "2026-01-02 04:04:05", north]
    assert hospitals == (north, [north])


def test_plain_inserts_of_another_program_work_after_migrating(databases: Databases) -> None:
    with psycopg.connect(databases["supabase"]) as connection:
        connection.execute(ROWS.encode())
        filled = connection.execute("SELECT hospital_id::text FROM users WHERE email = 'doctor@seed.test'").fetchone()
        roles = connection.execute(
            "SELECT (SELECT role::text FROM doctors), (SELECT role::text FROM patients),"
            " (SELECT role::text FROM pharmacists), (SELECT role::text FROM hospital_admins)"
        ).fetchone()
        connection.rollback()
    assert filled == ("a0000000-0000-0000-0000-000000000001",)
    assert roles == ("DOCTOR", "PATIENT", "PHARMACIST", "HOSPITAL_ADMIN")


def test_the_exposed_roles_hold_nothing(databases: Databases) -> None:
    with psycopg.connect(databases["supabase"]) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables t, pg_roles r WHERE schemaname = 'public'"
            " AND rolname IN ('anon', 'authenticated')"
            " AND has_table_privilege(r.oid, format('public.%I', tablename), 'SELECT, INSERT, UPDATE, DELETE')"
        ).fetchone()
        sequences = connection.execute(
            "SELECT count(*) FROM pg_sequences s, pg_roles r WHERE schemaname = 'public'"
            " AND rolname IN ('anon', 'authenticated')"
            " AND has_sequence_privilege(r.oid, format('public.%I', sequencename), 'USAGE, SELECT, UPDATE')"
        ).fetchone()
        functions = connection.execute(
            "SELECT count(*) FROM pg_proc p, pg_roles r WHERE pronamespace = 'public'::regnamespace"
            " AND rolname IN ('anon', 'authenticated') AND has_function_privilege(r.oid, p.oid, 'EXECUTE')"
        ).fetchone()
        connection.execute("CREATE TABLE later (id int)")
        later = connection.execute("SELECT has_table_privilege('anon', 'later', 'SELECT')").fetchone()
        connection.rollback()
    assert (tables, sequences, functions, later) == ((0,), (0,), (0,), (False,))


def test_our_functions_fix_their_search_path(databases: Databases) -> None:
    with psycopg.connect(databases["empty"]) as connection:
        loose = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS"
            " (SELECT FROM unnest(proconfig) setting WHERE setting LIKE 'search_path=%')"
        ).fetchall()
    assert loose == []


def test_rows_that_break_our_rules_stop_the_migration_by_name(make_database: MakeDatabase) -> None:
    url = make_database("broken")
    run_sql(url, REFERENCE.read_text())
    run_sql(url, "INSERT INTO users (id, email) VALUES ('b0000000-0000-0000-0000-00000000000f', 'x@seed.test')")
    done = migrate(url)
    assert done.returncode != 0
    assert "These users have no role" in done.stderr
    assert "b0000000-0000-0000-0000-00000000000f" in done.stderr


def test_the_reference_copy_is_the_shared_one() -> None:
    shared = ROOT.parent / "shared" / "seed" / "schema.sql"
    if not shared.exists():
        pytest.skip("the shared reference schema is not part of a clone")
    assert REFERENCE.read_text() == shared.read_text()
