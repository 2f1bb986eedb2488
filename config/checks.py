from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError

from config.row_security import unsecured_tables


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
