"""A call that the assistant held for a patient, put on record once, however often it is told."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db import connection, transaction

from accounts.models import Patient
from accounts.own_data.numbers import erased_numbers, number_taken_at
from clinical.assistant.session_bookings import says_booked
from clinical.models import AiSession


class UnknownCaller(Exception):
    """No patient has the number, or none had it when the call was held: it is nobody's."""

    code = "unknown_caller"


class ErasedCaller(UnknownCaller):
    """It was the call of a patient who has been erased: what was said is not to be kept anywhere."""

    code = "erased_caller"


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """`session_id` is the assistant's id of the call, `phone` the caller's number in digits, which proves nobody."""

    session_id: str
    phone: str | None = field(repr=False)
    started_at: dt.datetime
    ended_at: dt.datetime | None
    twilio_call_id: str | None = field(default=None, repr=False)
    transcript: str | None = field(default=None, repr=False)
    summary: str | None = field(default=None, repr=False)
    is_verified: bool = False
    hospital_id: uuid.UUID | None = None


@transaction.atomic
def record_phone_call(*, call: PhoneCall) -> AiSession:
    """The call's row. Told again, it only fills in what was missing.

    Raises: UnknownCaller, ErasedCaller.
    """
    _lock(call.session_id)
    sessions = AiSession.objects.filter(vapi_session_id=call.session_id, source=AiSession.Source.PHONE_CALL)
    session = sessions.select_related("patient").first()
    if _was_erased(call, session):
        raise ErasedCaller
    patient = _caller(call)
    if session is None:
        return _new_session(call, patient)
    if session.patient_id != patient.pk:
        # The number has become somebody else's since.
        raise UnknownCaller
    return _completed_session(session, call)


def _was_erased(call: PhoneCall, session: AiSession | None) -> bool:
    if session is not None and session.patient.erased_at is not None:
        return True
    # The number may have a new owner since, whose calls are another matter.
    erased_at = erased_numbers([call.phone]).get(call.phone) if call.phone else None
    return erased_at is not None and call.started_at <= erased_at


def _caller(call: PhoneCall) -> Patient:
    """Locked: who is being erased meanwhile is waited for, and is nobody then."""
    owners = Patient.objects.filter(user__phone=call.phone, user__is_active=True, erased_at__isnull=True)
    patient = owners.select_for_update(of=("self",)).first() if call.phone else None
    if patient is None:
        raise UnknownCaller
    taken_at = number_taken_at(patient.pk)
    if taken_at is not None and call.started_at < taken_at:
        raise UnknownCaller
    return patient


def _lock(session_id: str) -> None:
    """The reference schema has no unique rule here, and one report may be told twice at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [session_id])


def _new_session(call: PhoneCall, patient: Patient) -> AiSession:
    return AiSession.objects.create(
        patient=patient,
        source=AiSession.Source.PHONE_CALL,
        vapi_session_id=call.session_id,
        twilio_call_id=call.twilio_call_id,
        transcript=call.transcript,
        summary=call.summary,
        start_time=call.started_at,
        ended_at=call.ended_at,
        hospital_id=call.hospital_id,
        caller_verified=call.is_verified,
        says_booked=says_booked(call.transcript),
    )


def _completed_session(session: AiSession, call: PhoneCall) -> AiSession:
    told: dict[str, object] = {
        "twilio_call_id": call.twilio_call_id,
        "transcript": call.transcript,
        "summary": call.summary,
        "ended_at": call.ended_at,
        "hospital_id": call.hospital_id,
        "caller_verified": call.is_verified or None,
    }
    news = {name: value for name, value in told.items() if value is not None and not getattr(session, name)}
    if "transcript" in news:
        news["says_booked"] = says_booked(call.transcript)
    for name, value in news.items():
        setattr(session, name, value)
    if news:
        session.save(update_fields=list(news))
    return session
