from __future__ import annotations

from django.db.backends.postgresql import base

from config.pg.schema import DatabaseSchemaEditor


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
