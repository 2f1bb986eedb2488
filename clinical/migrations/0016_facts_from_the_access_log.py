"""Histories keep what only the access log said so far: its rows go after six years.

One transaction wrote both, so a version and its line in the log bear the same time. The versions are filled in, never
the records themselves: changing those would be a change that nobody made.
"""

from django.db import migrations

# Ids of the access log at once.
BATCH = 10_000
_SAID = """
WITH said AS MATERIALIZED (
    SELECT id, at, actor_id, reason, object_id::uuid AS record_id FROM access_events
    WHERE id >= %(first)s AND id < %(end)s AND object_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
"""
WHO_CHANGED_A_VISIT = f"""{_SAID} AND object_kind = 'appointment' AND actor_id IS NOT NULL
        AND action IN ('marked_visit', 'confirmed_identity', 'decided_visit')
), versions AS MATERIALIZED (
    SELECT DISTINCT ON (kept.pgh_id) kept.pgh_id, said.at, said.actor_id, gen_random_uuid() AS context_id
    FROM said JOIN appointment_history kept ON kept.pgh_obj_id = said.record_id AND kept.pgh_created_at = said.at
    WHERE kept.pgh_context_id IS NULL
    ORDER BY kept.pgh_id, said.id
), contexts AS (
    INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
    SELECT context_id, at, at, jsonb_build_object('by', actor_id) FROM versions
)
UPDATE appointment_history kept SET pgh_context_id = versions.context_id
FROM versions WHERE kept.pgh_id = versions.pgh_id
"""
# 21 characters: "duplicate_confirmed: ".
CONFIRMED_DUPLICATES = f"""{_SAID} AND object_kind = 'prescription' AND action = 'prescribed'
        AND reason ~ '^duplicate_confirmed: [0-9]{{1,4}}(, [0-9]{{1,4}})*$'
)
UPDATE prescription_history kept SET confirmed_duplicates = string_to_array(substr(said.reason, 22), ', ')::smallint[]
FROM said WHERE kept.pgh_obj_id = said.record_id AND kept.pgh_created_at = said.at
    AND kept.confirmed_duplicates IS NULL
"""
# Of who has been erased no words come back.
TAKE_OVER_REASONS = f"""{_SAID} AND object_kind = 'prescription' AND action = 'took_over_prescription'
)
UPDATE prescription_history kept SET take_over_reason = said.reason
FROM said, patients WHERE kept.pgh_obj_id = said.record_id AND kept.pgh_created_at = said.at
    AND kept.take_over_reason IS NULL AND patients.user_id = kept.patient_id AND patients.erased_at IS NULL
"""


def fill(apps, schema_editor):
    """In batches, and again where it was stopped."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM access_events")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, BATCH):
            for statement in (WHO_CHANGED_A_VISIT, CONFIRMED_DUPLICATES, TAKE_OVER_REASONS):
                cursor.execute(statement, {"first": start, "end": start + BATCH})


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("clinical", "0015_prescription_facts"),
        ("accounts", "0013_erasure"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
