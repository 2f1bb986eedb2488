"""What stays of a calendar's payload when what it says of people is taken out: its ids and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

SCRUBBED = "scrubbed"
KEPT_KEYS = (
    *("uid", "bookingUid", "id", "bookingId", "eventTypeId", "status", "rescheduleUid", "rescheduleId"),
    *("start", "end", "startTime", "endTime", "rescheduleStartTime", "rescheduleEndTime", "createdAt", "updatedAt"),
    *("rescheduledFromUid", "rescheduledToUid", "triggerEvent"),
)

# The same in SQL, of the JSON object `{0}`; one parameter, the kept keys.
IDS_ONLY = """
jsonb_build_object('scrubbed', true) || coalesce((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(CASE jsonb_typeof({0}) WHEN 'object' THEN {0} END)
    WHERE key = ANY(%s) AND jsonb_typeof(value) NOT IN ('object', 'array')
), '{{}}')
"""


def ids_only(payload: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in payload.items() if key in KEPT_KEYS and not isinstance(value, dict | list)}
    return {SCRUBBED: True, **kept}


def scrub_payloads(visit_ids: Sequence[Any]) -> None:
    statement = f"UPDATE appointments SET cal_raw_payload = {IDS_ONLY.format('cal_raw_payload')} WHERE id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(KEPT_KEYS), list(visit_ids)])
