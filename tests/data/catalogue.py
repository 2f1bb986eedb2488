"""What a database's `public` schema consists of, as comparable text, one line per thing."""

from __future__ import annotations

import psycopg

_LINES = {
    "enum": """
        SELECT t.typname || ': ' || string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
        FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname
    """,
    "table": """
        SELECT c.relname || ' rls=' || c.relrowsecurity || ' comment=' || coalesce(obj_description(c.oid), '')
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    """,
    "column": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') || ' generated=' || a.attgenerated::text
            || ' identity=' || a.attidentity::text || ' comment=' || coalesce(col_description(c.oid, a.attnum), '')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    """,
    # PostgreSQL 18 lists NOT NULL among the constraints, 15 to 17 do not; the columns say it anyway.
    "constraint": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            || ' deferrable=' || condeferrable || ' deferred=' || condeferred
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid <> 0
    """,
    "index": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sequence": """
        SELECT c.relname || ' ' || format_type(s.seqtypid, NULL) || ' owned by '
            || coalesce(d.refobjid::regclass::text || '.' || a.attname, 'nobody')
        FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE c.relnamespace = 'public'::regnamespace
    """,
    "trigger": """
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
    """,
    "function": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def catalogue(url: str) -> dict[str, list[str]]:
    """Kind of thing -> its lines, sorted. Grants are left out: they differ by what the project had before."""
    with psycopg.connect(url) as connection:
        return {kind: sorted(str(line) for (line,) in connection.execute(query)) for kind, query in _LINES.items()}


def column_order(url: str) -> list[tuple[str, list[str]]]:
    query = """
        SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY c.relname ORDER BY c.relname
    """
    with psycopg.connect(url) as connection:
        return [(str(table), list(columns)) for table, columns in connection.execute(query)]
