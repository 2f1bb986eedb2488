from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError

from config.row_security import unsecured_tables

# Six calendar years, with two leap days in them: the database lets go of nothing younger.
LEAST_ACCESS_LOG = dt.timedelta(days=6 * 365 + 2)


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
