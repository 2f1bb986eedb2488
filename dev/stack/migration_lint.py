"""Whether new migrations may run beside the version that is in use: `python -m dev.stack.migration_lint`.

squawk reads the SQL of each migration that is newer than the baseline, and says what would block people for long (a
whole table rewritten or scanned under a lock) or take from the running program what it still uses (a column or table
dropped or renamed). What a migration does in Python is not seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import django
from django.apps import apps
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[2]
SQUAWK = Path(sys.executable).parent / "squawk"
# The oldest that production may have.
POSTGRES = "15.0"
# The last migration of each app that was there before this check. Newer ones, and all of a new app, are looked at.
BASELINE = {
    "accounts": "0021_lost_sign_ins",
    "clinical": "0022_first_told_at",
    "config": "0001_idempotency_keys",
    "hospitals": "0008_specialty_words",
    "integrations": "0013_withdrawn_requests",
}
# A migration and a rule, and why it is safe there: `("clinical.0099_name", "ban-drop-column"): "unused since 1.4"`.
ALLOWED: Mapping[tuple[str, str], str] = {}
# Of squawk's rules those about locks and about the running program; the others are about taste.
RULES = {
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-not-nullable-field",
    "adding-required-field",
    "adding-serial-primary-key-field",
    "ban-concurrent-index-creation-in-transaction",
    "ban-drop-column",
    "ban-drop-database",
    "ban-drop-table",
    "ban-truncate-cascade",
    "changing-column-type",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "renaming-column",
    "renaming-table",
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
    "syntax-error",
}


@dataclass(frozen=True, slots=True)
class Finding:
    migration: str
    rule: str
    text: str


def findings_in(sql: str, migration: str, *, is_atomic: bool) -> list[Finding]:
    command = [str(SQUAWK), "--reporter", "json", "--pg-version", POSTGRES]
    if is_atomic:
        # What is done to a table that the same migration makes blocks nobody.
        command.append("--assume-in-transaction")
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    return [Finding(migration, one["rule_name"], one["message"]) for one in told if one["rule_name"] in RULES]


def new_migrations(loader: MigrationLoader) -> Iterator[Migration]:
    """Ours, those after the baseline."""
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    for app, name in sorted(loader.disk_migrations):
        if app in ours and name > BASELINE.get(app, ""):
            yield loader.graph.nodes[app, name]


def new_findings(loader: MigrationLoader) -> list[Finding]:
    found = []
    for migration in new_migrations(loader):
        sql = "\n".join(loader.collect_sql([(migration, False)]))
        found += findings_in(sql, f"{migration.app_label}.{migration.name}", is_atomic=migration.atomic)
    return [one for one in found if (one.migration, one.rule) not in ALLOWED]


def main() -> int:
    django.setup()
    found = new_findings(MigrationLoader(connection, replace_migrations=False))
    for one in found:
        sys.stdout.write(f"{one.migration}: {one.rule}: {one.text}\n")
    if found:
        sys.stdout.write('CONTRIBUTING.md, "A migration", says how to do it in steps.\n')
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
