from __future__ import annotations

import pytest
from django.db.migrations.loader import MigrationLoader

from dev.stack.migration_lint import BASELINE, findings_in, new_migrations

SAFE = [
    'ALTER TABLE "visits" ADD COLUMN "note" text NULL;',
    'ALTER TABLE "visits" ADD COLUMN "is_late" boolean DEFAULT false NOT NULL;',
    'CREATE TABLE "new" ("id" uuid PRIMARY KEY); CREATE INDEX "new_idx" ON "new" ("id");',
    'ALTER TABLE "visits" ADD CONSTRAINT "visits_known" CHECK ("kind" IN (1, 2)) NOT VALID;',
]


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('ALTER TABLE "visits" DROP COLUMN "note";', "ban-drop-column"),
        ('ALTER TABLE "visits" RENAME COLUMN "note" TO "notes";', "renaming-column"),
        ('ALTER TABLE "visits" RENAME TO "appointments";', "renaming-table"),
        ('DROP TABLE "visits";', "ban-drop-table"),
        ('ALTER TABLE "visits" ADD COLUMN "note" text NOT NULL;', "adding-required-field"),
        ('ALTER TABLE "visits" ADD COLUMN "key" uuid DEFAULT gen_random_uuid();', "adding-field-with-default"),
        ('ALTER TABLE "visits" ALTER COLUMN "note" TYPE varchar(10);', "changing-column-type"),
        ('ALTER TABLE "visits" ALTER COLUMN "note" SET NOT NULL;', "adding-not-nullable-field"),
        ('CREATE INDEX "visits_idx" ON "visits" ("note");', "require-concurrent-index-creation"),
        ('ALTER TABLE "visits" ADD CONSTRAINT "x" CHECK ("kind" = 1);', "constraint-missing-not-valid"),
        ("ALTER TABL visits ADD COLUMN note text;", "syntax-error"),
    ],
)
def test_what_blocks_people_or_the_running_program_is_found(sql: str, rule: str) -> None:
    found = findings_in(sql, "clinical.0099_made_up", is_atomic=True)
    assert rule in {one.rule for one in found}
    assert {one.migration for one in found} == {"clinical.0099_made_up"}


@pytest.mark.parametrize("sql", SAFE)
def test_what_does_not_passes(sql: str) -> None:
    assert findings_in(sql, "clinical.0099_made_up", is_atomic=True) == []


def test_an_index_is_made_concurrently_outside_a_transaction_alone() -> None:
    sql = 'SELECT 1; CREATE INDEX CONCURRENTLY "visits_idx" ON "visits" ("note");'
    assert findings_in(sql, "clinical.0099_made_up", is_atomic=False) == []
    [found] = findings_in(sql, "clinical.0099_made_up", is_atomic=True)
    assert found.rule == "ban-concurrent-index-creation-in-transaction"


def test_what_came_after_the_baseline_is_looked_at() -> None:
    loader = MigrationLoader(None)
    assert set(BASELINE.items()) <= loader.disk_migrations.keys()
    looked_at = {(one.app_label, one.name) for one in new_migrations(loader)}
    ours = {key for key in loader.disk_migrations if key[0] in BASELINE}
    assert looked_at == {(app, name) for app, name in ours if name > BASELINE[app]}
    assert ("config", "0002_heartbeats") in looked_at
