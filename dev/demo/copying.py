"""Rows by COPY, with the dates they are to have: no trigger runs, so the caller writes what triggers would."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

# Their triggers fill in the hospital and write history stamped with the present.
TRIGGERED = ("appointments", "prescriptions", "ai_sessions", "doctor_availability")

# No field makes anything else of these; asking each of a million values took seconds.
AS_THEY_ARE = frozenset({dt.datetime, uuid.UUID, bool, int, str, type(None)})


@contextlib.contextmanager
def without_triggers() -> Iterator[None]:
    """Inside a transaction; foreign keys are still checked."""
    with connection.cursor() as cursor:
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Snapshot:
    """A row that is only copied: as an instance of its model it would cost several times as much to make.

    Columns that are not given have the database's default.
    """

    def __init__(self, model: type[models.Model], **values: Any) -> None:
        self.__dict__.update(values)
        self._meta = model._meta

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


Copied = models.Model | Snapshot


def copy_rows(rows: Sequence[Copied]) -> None:
    """COPY rows of one model; a column that has the database's default in one row has it in all."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if any(_is_given(field, row) for row in rows)]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_value(field, row) for field in fields])


def history(row: models.Model, at: dt.datetime, label: str, **then: Any) -> Snapshot:
    """The history's row of a moment: as the row is now, but for what `then` says was different."""
    event_model, tracked = _tracked(type(row))
    values = {name: getattr(row, name) for name in tracked}
    return Snapshot(event_model, **values | then, pgh_label=label, pgh_obj_id=row.pk, pgh_created_at=at)


@functools.cache
def _tracked(model: type[models.Model]) -> tuple[type[models.Model], list[str]]:
    """The model of the history, and the columns that it keeps."""
    event_model = next(found for found in apps.get_models() if getattr(found, "pgh_tracked_model", None) is model)
    names = {field.attname for field in model._meta.concrete_fields}
    return event_model, [field.attname for field in event_model._meta.concrete_fields if field.attname in names]


def _is_given(field: models.Field[Any, Any], row: Copied) -> bool:
    if field.generated or not hasattr(row, field.attname):
        return False
    value = getattr(row, field.attname)
    is_automatic = isinstance(field, models.AutoField) and value is None
    return not (is_automatic or isinstance(value, DatabaseDefault))


def _value(field: models.Field[Any, Any], row: Copied) -> Any:
    value = getattr(row, field.attname)
    return value if type(value) in AS_THEY_ARE else field.get_db_prep_save(value, connection)
