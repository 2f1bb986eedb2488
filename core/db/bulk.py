"""Writes many rows by one statement: they travel as one JSON text and PostgreSQL gives them their types.

A statement with a parameter per value costs Python and PostgreSQL more than the rows themselves do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, models
from psycopg import sql

Record = Mapping[str, Any]


def insert_all(model: type[models.Model], columns: Sequence[str], records: Sequence[Record]) -> int:
    """Insert records of these columns; one that a unique constraint refuses is left out. Returns how many went in."""
    return _run(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) "
        "ON CONFLICT DO NOTHING",
        records,
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
    )


def update_all(
    model: type[models.Model],
    columns: Sequence[str],
    records: Sequence[Record],
    *,
    kept_when_null: Sequence[str] = (),
) -> int:
    """Set these columns of the rows with the records' primary keys. Returns how many there were.

    A column of `kept_when_null` keeps its value where the record has none.
    """
    changes = [sql.SQL("{0} = new.{0}").format(sql.Identifier(name)) for name in columns]
    changes += [sql.SQL("{0} = coalesce(new.{0}, old.{0})").format(sql.Identifier(name)) for name in kept_when_null]
    return _run(
        "UPDATE {table} AS old SET {changes} FROM json_populate_recordset(NULL::{table}, %s) AS new "
        "WHERE old.{key} = new.{key}",
        records,
        table=sql.Identifier(model._meta.db_table),
        key=sql.Identifier(str(model._meta.pk.column)),
        changes=sql.SQL(", ").join(changes),
    )


def _run(statement: str, records: Sequence[Record], **names: sql.Composable) -> int:
    if not records:
        return 0
    with connection.cursor() as cursor:
        composed = sql.SQL(statement).format(**names)
        cursor.execute(composed.as_string(), [_json(records)])
        return int(cursor.rowcount)


def _json(records: Sequence[Record]) -> str:
    try:
        return orjson.dumps(records).decode()
    except TypeError:
        return json.dumps(records, default=str)  # an integer beyond 64 bits, which orjson does not write
