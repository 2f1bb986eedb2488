"""Row level security on every table in `public`, and nothing granted to the roles a Supabase project exposes.

With no policy, a role that neither owns the tables nor has BYPASSRLS sees no rows. The application connects as the
owner. Run after every `migrate`; idempotent.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

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


def secure_tables(*, using: str = "default", **_: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_SECURE)


def unsecured_tables(using: str = "default") -> list[str]:
    """Names of tables in `public` without row level security."""
    with connections[using].cursor() as cursor:
        cursor.execute(_UNSECURED)
        return [name for (name,) in cursor.fetchall()]
