"""Ties visits to the talk in which they were booked.

Whether somebody was told, in a talk with the assistant, that a visit is booked. Pure, and in English only.

A claim is no booking: one that never came about is shown to staff, who ask the patient.
"""

from __future__ import annotations

import datetime as dt
import re

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
# As talks are written down: a line each, begun by who speaks.
ASSISTANT = "AI:"
_DONE = r"(?:booked|scheduled|confirmed|reserved|arranged)"
_CLAIMS = re.compile(
    rf"\b(?:i have|i've|i|we have|we've)\s+(?:just |now |also |already )?{_DONE}\b"
    rf"|\b(?:you are|you're|you have been|you've been)\s+(?:now |all )?(?:{_DONE}|set)\b"
    rf"|\b(?:appointment|visit|booking|slot|time|it)\s+(?:is|has been|was)\s+(?:now |successfully |all )?{_DONE}\b"
    r"|\bbooked (?:you|it|that)\b"
    r"|\bi(?:'ve| have) (?:made|set up) (?:the|an|your) (?:appointment|booking)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|cannot|never|nothing|no|if|once|when|until|unless|would|shall|should)\b|n't", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


@transaction.atomic
def link_session_bookings(*, at: dt.datetime) -> int:
    """Tie what was booked during recent talks to them; how many visits that were."""
    with connection.cursor() as cursor:
        cursor.execute(_LINK, {"since": at - LOOKED_BACK_FOR, "at": at, "afterwards": AFTERWARDS.total_seconds()})
        sessions = [row[0] for row in cursor.fetchall()]
        if sessions:
            cursor.execute(_PLACE, {"sessions": sessions})
    return len(sessions)


def says_booked(transcript: str | None) -> bool:
    """Whether the assistant, not the caller, says that a visit is booked."""
    spoken = (line.removeprefix(ASSISTANT) for line in (transcript or "").splitlines() if line.startswith(ASSISTANT))
    return any(_is_claim(sentence) for line in spoken for sentence in _SENTENCE.findall(line.replace("\u2019", "'")))


def _is_claim(sentence: str) -> bool:
    claim = _CLAIMS.search(sentence)
    if claim is None or sentence.rstrip().endswith("?"):
        return False
    # What comes after a claim takes nothing back: "I have booked it, do not be late".
    return _DENIES.search(sentence[: claim.end()]) is None
