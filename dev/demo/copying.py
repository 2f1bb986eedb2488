"""Rows by COPY, with the dates they are to have: no trigger runs, so the caller writes what triggers would."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

# Their triggers fill in the hospital and write history stamped with the present.
TRIGGERED = ("appointments", "prescriptions", "ai_sessions", "doctor_availability")


@contextlib.contextmanager
def without_triggers() -> Iterator[None]:
    """Inside a transaction; foreign keys are still checked."""
    with connection.cursor() as cursor:
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def copy_rows(rows: Sequence[models.Model]) -> None:
    """COPY rows of one model; a column that has the database's default in the first row has it in all."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if _is_given(field, rows[0])]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_value(field, row) for field in fields])


def history(row: models.Model, at: dt.datetime, label: str, **then: Any) -> models.Model:
    """The history's row of a moment: as the row is now, but for what `then` says was different."""
    event_model = _event_model(type(row))
    names = {field.attname for field in row._meta.concrete_fields}
    values = {
        field.attname: getattr(row, field.attname)
        for field in event_model._meta.concrete_fields
        if field.attname in names
    }
    event = event_model(**values | then, pgh_label=label, pgh_obj_id=row.pk)
    event.pgh_created_at = at  # type: ignore[attr-defined]
    return event


@functools.cache
def _event_model(model: type[models.Model]) -> type[models.Model]:
    return next(found for found in apps.get_models() if getattr(found, "pgh_tracked_model", None) is model)


def _is_given(field: models.Field[Any, Any], row: models.Model) -> bool:
    if field.generated:
        return False
    value = getattr(row, field.attname)
    is_automatic = isinstance(field, models.AutoField) and value is None
    return not (is_automatic or isinstance(value, DatabaseDefault))


def _value(field: models.Field[Any, Any], row: models.Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
