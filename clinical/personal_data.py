"""What this app holds about a patient: visits, prescriptions, talks with the assistant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from accounts.own_data.registry import Held, NothingMore, Section, Step, Wait
from accounts.own_data.retention import RowRule, Rows
from clinical.assistant.serializers import AiSessionSerializer
from clinical.mirror.facts import chain
from clinical.mirror.tombstones import SCRUBBED, scrub_payloads
from clinical.models import (
    AiSession,
    Appointment,
    AppointmentBooking,
    ChatMessage,
    Prescription,
    PrescriptionMessage,
    VisitDecision,
)
from clinical.patients import erasing
from clinical.prescriptions.api import PrescriptionSerializer
from clinical.visits.document import visit_document, visit_rows

CHUNK = 200
_HISTORY = Held(because="earlier versions of what is exported")


class ClinicalData(NothingMore):
    held: ClassVar = {
        "appointments": Held("appointments"),
        "appointment_bookings": Held("appointments"),
        "visit_changes": Held("appointments"),
        "appointment_aliases": Held(because="other ids of the same visits"),
        "visit_reminders": Held(because="when a reminder is due; those sent are among the text messages"),
        "prescriptions": Held("prescriptions"),
        "prescription_messages": Held("prescriptions"),
        "ai_sessions": Held("ai_sessions"),
        "ai_session_messages": Held(because="what became of each message; the words are in the transcripts"),
        "appointment_history": _HISTORY,
        "prescription_history": _HISTORY,
        "ai_session_history": _HISTORY,
        "doctor_availability_history": Held(because="about staff and their hospitals"),
    }
    steps: ClassVar = (
        Step("visits", erasing.erase_visits),
        Step("prescription_notes", erasing.erase_prescription_notes),
        Step("prescription_messages", erasing.erase_messages),
        Step("talks", erasing.erase_talks),
    )

    def sections(self, user: User) -> Iterator[Section]:
        yield "appointments", _visits(user)
        yield "prescriptions", _prescriptions(user)
        yield "ai_sessions", _talks(user)

    def waits(self, patient_id: uuid.UUID, *, at: dt.datetime) -> list[Wait]:
        visits = Appointment.objects.filter(patient=patient_id).open(at=at).identified().count()
        open_states = [Prescription.Status.PENDING, Prescription.Status.APPROVED]
        prescriptions = Prescription.objects.filter(patient=patient_id, status__in=open_states).count()
        return [Wait("open_visits", visits), Wait("undispensed_prescriptions", prescriptions)]

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        return {
            "visits_left_to_guests": erasing.leave_unconfirmed_visits(user.pk, at=at),
            "guest_visits": erasing.erase_guest_visits(user.phone, at=at),
            "bookings_without_visit": erasing.erase_loose_bookings(user, at=at),
        }


def _visits(user: User) -> Iterator[dict[str, Any]]:
    """Each as the app shows it, with its bookings one after the other and what staff decided about it."""
    own = Appointment.objects.for_user(user).order_by("start_ts", "id")
    bookings = AppointmentBooking.objects.defer("organizer_email", "attendee_name", "attendee_phone")
    decisions = VisitDecision.objects.order_by("decided_at", "pk")
    related = (Prefetch("bookings", queryset=bookings), Prefetch("decisions", queryset=decisions))
    for ids in _pages(own):
        at = dt.datetime.now(dt.UTC)
        shown = {row["id"]: row for row in visit_rows(own.filter(pk__in=ids), at=at)}
        for visit in own.filter(pk__in=ids).defer("cal_raw_payload").prefetch_related(*related):
            yield _visit(visit, visit_document(shown[visit.pk]))


def _visit(visit: Appointment, shown: dict[str, Any]) -> dict[str, Any]:
    is_own = visit.is_patient_identified
    shown |= {"is_confirmed": is_own, "matched_by": visit.patient_match, "bookings": [], "decisions": []}
    if not is_own:
        # Whoever typed the number may be somebody else: no more than the app shows, which asks whether it is theirs.
        return shown
    bookings = list(visit.bookings.all())
    shown["bookings"] = [
        {"start": one.start_ts, "end": one.end_ts, "status": one.status}
        for one in (chain(bookings) if bookings else [])
    ]
    shown["decisions"] = [
        {"choice": one.choice, "cause": one.cause, "reason": one.reason, "at": one.decided_at}
        for one in visit.decisions.all()
    ]
    return shown


def _prescriptions(user: User) -> Iterator[dict[str, Any]]:
    own = Prescription.objects.for_user(user).order_by("created_at", "id")
    messages = PrescriptionMessage.objects.select_related("author__profile")
    for ids in _pages(own):
        page = own.filter(pk__in=ids).select_related("doctor__user__profile", "hospital", "pharmacist__user__profile")
        for one in page.prefetch_related(Prefetch("messages", queryset=messages)):
            yield {
                **PrescriptionSerializer().to_representation(one),
                "denial_note": one.denial_note,
                "take_over_reason": one.take_over_reason,
                "confirmed_duplicates": one.confirmed_duplicates,
                "pharmacist": one.pharmacist.full_name if one.pharmacist else None,
                "decided_at": one.decided_at,
                "dispensed_at": one.completed_at,
                "dispensed_lines": one.dispensed_lines,
                "messages": [_message(message) for message in one.messages.all()],
            }


def _message(message: PrescriptionMessage) -> dict[str, Any]:
    author = message.author
    profile = getattr(author, "profile", None) if author else None
    return {
        "at": message.created_at,
        "author": profile.full_name if profile else None,
        "author_role": author.role if author else None,
        "text": message.body,
    }


def _talks(user: User) -> Iterator[dict[str, Any]]:
    own = AiSession.objects.for_reading(user).order_by("start_time", "id")
    for ids in _pages(own):
        for talk in own.filter(pk__in=ids).with_visits(user):
            yield AiSessionSerializer().to_representation(talk)


def _pages(rows: QuerySet[Any]) -> Iterator[list[uuid.UUID]]:
    """Ids, some at a time: only so much of a long record is held in memory."""
    ids = list(rows.values_list("pk", flat=True))
    for first in range(0, len(ids), CHUNK):
        yield ids[first : first + CHUNK]


def _old_talks(before: dt.datetime) -> Rows:
    return AiSession.objects.filter(transcript__isnull=False, start_time__lte=before).order_by("start_time", "pk")


def _drop_transcripts(ids: Sequence[Any]) -> None:
    AiSession.objects.filter(pk__in=ids).update(transcript=None)


def _old_visits(before: dt.datetime) -> Rows:
    """By the visit's end: until then, what the calendar sent may be needed to find out what happened to it."""
    rows = Appointment.objects.exclude(cal_raw_payload__has_key=SCRUBBED)
    return rows.filter(end_ts__lte=before).order_by("end_ts", "pk")


def _chat_messages(before: dt.datetime) -> Rows:
    return ChatMessage.objects.filter(asked_at__lte=before).order_by("asked_at", "pk")


RULES = (
    RowRule("chat_messages", ChatMessage, _chat_messages),
    RowRule("transcripts", AiSession, _old_talks, _drop_transcripts),
    RowRule("visit_payloads", Appointment, _old_visits, scrub_payloads),
)
