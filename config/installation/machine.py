"""This installation's own settings and keys, its backup and its disk."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import ERROR, run_checks

from accounts.access_log.seals import spot_check
from config.installation.registry import Finding, broken, check, ok, warning

# A day, and two hours for one that takes longer than the last.
BACKUP_OLD_AFTER = dt.timedelta(hours=26)
DISK_LOW, DISK_FULL = 0.10, 0.02
# Each reads the rows of one minute.
SEALS_CHECKED = 12
# A check of its own here.
_ROW_SECURITY = "config.E001"


@check("settings", needs_database=False)
def settings_check() -> Iterator[Finding]:
    found = False
    if settings.DEBUG:
        found = True
        yield warning(
            "These are the settings of development.", "Set DJANGO_SETTINGS_MODULE=config.settings.production."
        )
    for message in run_checks(include_deployment_checks=True):
        if str(message.id).startswith("config.") and message.id != _ROW_SECURITY:
            found = True
            yield (broken if message.level >= ERROR else warning)(message.msg, message.hint or "")
    if not found:
        yield ok("The settings are complete.")


@check("keys")
def keys() -> Iterator[Finding]:
    checked = spot_check(SEALS_CHECKED)
    if checked.broken:
        yield broken(
            f"Seal {checked.broken.seal_id} of the access log does not hold: {checked.broken.what}.",
            "Put every key that ever sealed into AUDIT_KEYS, the present one first; then run `manage.py verify_audit`.",
        )
    else:
        yield ok(f"{checked.seals} seals of the access log hold, the oldest and the newest among them.")


@check("backup", needs_database=False, is_quick=True)
def backup() -> Iterator[Finding]:
    if not settings.BACKUP_STAMP:
        yield warning(
            "Nothing says when the last backup was made.", "Set BACKUP_STAMP; see docs/operations/monitoring.md."
        )
        return
    try:
        seconds = time.time() - Path(settings.BACKUP_STAMP).stat().st_mtime
    except OSError:
        yield broken("The file that BACKUP_STAMP names is not there.", "Was a backup ever made?")
        return
    hours = f"{seconds / 3600:.1f} hours"
    if seconds < 0:
        yield broken("The last backup is from the future: a clock was ahead.", "See `clock`.")
    elif seconds > BACKUP_OLD_AFTER.total_seconds():
        yield broken(f"The last backup is {hours} old.", "See the log of what makes it.")
    else:
        yield ok(f"The last backup is {hours} old.")


@check("disk", needs_database=False, is_quick=True)
def disk() -> Iterator[Finding]:
    """Of this machine. That of the database is tried by `database`, which has it write."""
    for place in sorted({str(settings.BASE_DIR), tempfile.gettempdir()}):
        usage = shutil.disk_usage(place)
        share = usage.free / usage.total
        text = f"{share:.0%} of the disk of {place} is free."
        if share < DISK_FULL:
            yield broken(text, "Make room.")
        elif share < DISK_LOW:
            yield warning(text, "Make room.")
        else:
            yield ok(text)
