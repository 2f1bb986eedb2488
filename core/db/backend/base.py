"""The PostgreSQL backend that keeps `ON DELETE` rules in the database."""

from __future__ import annotations

from typing import Any

from django.db.backends.ddl_references import Statement
from django.db.backends.postgresql import base, schema
from django.db.models import Field, Index, Model

LOCK_TIMEOUT = "3s"
_IS_WHOLE = """
SELECT i.indisvalid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE c.relname = %s AND pg_catalog.pg_table_is_visible(c.oid)
"""


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Writes foreign keys as the reference schema has them: named `<table>_<column>_fkey`, not deferrable,
    with the `ON DELETE` rule that the field states as `db_on_delete`.

    Only fields that state a rule are touched, so the tables of third-party apps stay as their authors made them.
    Django 6.1 has the same as `DB_CASCADE` and friends; the argument's name allows the change then.
    """

    # An inlined foreign key (ADD COLUMN .. REFERENCES) would bypass `_create_fk_sql` and lose the rule.
    sql_create_column_inline_fk = None  # type: ignore[assignment]  # as Django's own backends do

    def __enter__(self) -> DatabaseSchemaEditor:
        """A change of tables waits for its locks for a moment only: whoever comes later would wait behind it."""
        super().__enter__()
        if self.atomic_migration:
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        return self

    def add_index(self, model: type[Model], index: Index, concurrently: bool = False) -> None:
        """Built concurrently, an index is no part of a transaction: what a migration that was killed left behind, whole
        or not, does not stop the next one."""
        if concurrently and not self.collect_sql:
            is_whole = self._is_whole(index.name)
            if is_whole:
                return
            if is_whole is not None:
                super().remove_index(model, index, concurrently=True)
        super().add_index(model, index, concurrently=concurrently)

    def _is_whole(self, index: str) -> bool | None:
        """None where there is no such index."""
        with self.connection.cursor() as cursor:
            cursor.execute(_IS_WHOLE, [index])
            row: tuple[bool] | None = cursor.fetchone()
        return row[0] if row else None

    def _create_fk_sql(self, model: type[Model], field: Field[Any, Any], suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc]  # private
        rule = getattr(field, "db_on_delete", None)
        if rule is not None:
            parts: dict[str, Any] = statement.parts
            parts["deferrable"] = f" ON DELETE {rule}" if rule else ""
        return statement

    def _fk_constraint_name(self, model: type[Model], field: Field[Any, Any], suffix: str) -> Any:
        if getattr(field, "db_on_delete", None) is None:
            return super()._fk_constraint_name(model, field, suffix)  # type: ignore[misc]  # private
        return self.quote_name(f"{model._meta.db_table}_{field.column}_fkey")


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
