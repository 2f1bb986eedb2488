"""Ties visits to the talk in which they were booked."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

# The booking is made while they talk; its last step may end a little after the talk.
AFTERWARDS = dt.timedelta(minutes=5)
# News of a booking may be late, by a webhook tried again or a pull.
LOOKED_BACK_FOR = dt.timedelta(days=2)

# Nothing says when a booking was made; what is known of it, and the row here, are never older than that.
_LINK = """
WITH made AS (
    SELECT DISTINCT ON (a.id) a.id, s.id AS session_id
    FROM ai_sessions s
    JOIN appointments a ON a.patient_id = s.patient_id AND a.ai_session_id IS NULL
    CROSS JOIN LATERAL (
        SELECT least(a.created_at, min(b.attendee_at)) AS at FROM appointment_bookings b WHERE b.appointment_id = a.id
    ) booked
    WHERE s.start_time BETWEEN %(since)s AND %(at)s
      AND booked.at BETWEEN s.start_time AND coalesce(s.ended_at, %(at)s) + %(afterwards)s * interval '1 second'
    ORDER BY a.id, s.start_time DESC, s.id
), locked AS (
    SELECT a.id, made.session_id FROM appointments a JOIN made USING (id)
    WHERE a.ai_session_id IS NULL ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
)
UPDATE appointments a SET ai_session_id = locked.session_id FROM locked WHERE a.id = locked.id
RETURNING a.ai_session_id
"""
# A call to a number of no hospital, or a talk in the app, is of the hospital where it led.
_PLACE = """
UPDATE ai_sessions s SET hospital_id = a.hospital_id
FROM (
    SELECT DISTINCT ON (ai_session_id) ai_session_id, hospital_id FROM appointments
    WHERE ai_session_id = ANY(%(sessions)s) AND hospital_id IS NOT NULL ORDER BY ai_session_id, created_at, id
) a
WHERE s.id = a.ai_session_id AND s.hospital_id IS NULL
"""


@transaction.atomic
def link_session_bookings(*, at: dt.datetime) -> int:
    """Tie what was booked during recent talks to them; how many visits that were."""
    with connection.cursor() as cursor:
        cursor.execute(_LINK, {"since": at - LOOKED_BACK_FOR, "at": at, "afterwards": AFTERWARDS.total_seconds()})
        sessions = [row[0] for row in cursor.fetchall()]
        if sessions:
            cursor.execute(_PLACE, {"sessions": sessions})
    return len(sessions)
