"""What an installation must hold, checked; and row level security, which one of the checks asks about.

It is on for every table in `public`, and nothing is granted to the roles a Supabase project exposes. With no policy, a
role that neither owns the tables nor has BYPASSRLS sees no rows. The application connects as the owner. Secured after
every `migrate`; idempotent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from accounts.access_log.seals import spot_check
from accounts.models import AuditSeal

_SECURE = """
DO $$
DECLARE
    item record;
    exposed text;
BEGIN
    -- Tables that belong to an extension are the extension's business.
    FOR item IN
        SELECT c.oid::regclass AS name
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', item.name);
    END LOOP;

    -- Ours fix their own search path; those of libraries name their tables unqualified and get the one they need.
    FOR item IN
        SELECT p.oid::regprocedure AS name
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
          AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search_path=%')
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = public', item.name);
    END LOOP;

    FOR exposed IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', exposed);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM %I', exposed);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', exposed);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM %I', exposed);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM %I', exposed);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM %I', exposed);
    END LOOP;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
    -- Those made later, too. What PUBLIC gets by default can be taken away for all schemas only.
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    -- Indexes on names call these in the name of whoever writes the row, who needs no more than the table granted.
    FOR item IN
        SELECT DISTINCT p.oid::regprocedure AS name, coalesce(quote_ident(r.rolname), 'PUBLIC') AS writer
        FROM pg_catalog.pg_proc p, pg_catalog.pg_class c, LATERAL (
            SELECT grantee, privilege_type FROM pg_catalog.aclexplode(c.relacl)
            UNION
            SELECT column_acl.grantee, column_acl.privilege_type
            FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) column_acl
            WHERE a.attrelid = c.oid
        ) granted
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = granted.grantee
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN ('search_text', 'search_words')
          AND c.relnamespace = 'public'::regnamespace AND c.relname IN ('profiles', 'doctors')
          AND granted.privilege_type IN ('INSERT', 'UPDATE')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', item.name, item.writer);
    END LOOP;
END $$;
"""
_UNSECURED = """
SELECT c.relname
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
# Six calendar years, with two leap days in them: the database lets go of nothing younger.
LEAST_ACCESS_LOG = dt.timedelta(days=6 * 365 + 2)


# The oldest, the newest and one between: a key that was dropped shows there, and their few rows are read at each start.
SEALS_CHECKED = 3


def secure_tables(*, using: str = "default", **_: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_SECURE)


def unsecured_tables(using: str = "default") -> list[str]:
    """Names of tables in `public` without row level security."""
    with connections[using].cursor() as cursor:
        cursor.execute(_UNSECURED)
        return [name for (name,) in cursor.fetchall()]


@register
def check_access_log_is_kept(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    kept = settings.RETENTION["access_events"]
    if kept >= LEAST_ACCESS_LOG:
        return []
    return [
        Error(
            f"The access log has to be kept for six years; RETENTION['access_events'] says {kept.days} days.",
            hint=f"Set it to {LEAST_ACCESS_LOG.days} days or more. The database refuses to remove younger rows.",
            id="config.E002",
        )
    ]


@register(Tags.database)
def check_audit_keys(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Refuse `AUDIT_KEYS` that lack a key of the access log's seals. `migrate` runs this, before each start."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        is_new = AuditSeal._meta.db_table not in connections[DEFAULT_DB_ALIAS].introspection.table_names()
        broken = None if is_new else spot_check(SEALS_CHECKED).broken
    except OperationalError:
        return []  # a database that does not answer is reported by whoever needs it
    if broken is None:
        return []
    return [
        Error(
            f"AUDIT_KEYS do not fit the access log: seal {broken.seal_id} does not hold, {broken.what}.",
            hint="Put the keys back that were in AUDIT_KEYS before, behind the new one. If none was dropped, the log"
            " was altered: run `manage.py verify_audit`, and this command with --skip-checks.",
            id="config.E003",
        )
    ]


@register(Tags.database, deploy=True)
def check_row_security(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Refuse a database with a table that a Supabase project would expose. Part of `check --deploy --database default`;
    not of every check, since `migrate` runs those first and is what secures a new table."""
    found: list[CheckMessage] = []
    for using in databases or ():
        try:
            names = unsecured_tables(using)
        except OperationalError:
            continue  # a database that does not answer is reported by whoever needs it
        found += [
            Error(
                f"Table {name} has no row level security.",
                hint="Run `manage.py migrate`: it secures every table in public when it ends.",
                id="config.E001",
            )
            for name in names
        ]
    return found
