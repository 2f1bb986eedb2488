"""What happened to a visit, step by step: from its chain of bookings, its history, and what staff decided.

No booking's own id is told: whoever has one can cancel the booking without signing in.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pghistory
from django.apps import apps
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from clinical.mirror.facts import CANCELLED, FINAL, RESCHEDULE_REQUESTED, chain, effective_status
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from core.times import repeated_offset

# A visit has a handful; another program may write on and on.
MOST_ROWS = 200
_COLUMNS = (
    "pgh_created_at", "patient_id", "doctor_id", "no_show", "identity_confirmed_at", "completed_at", "completed_by_id",
    "pgh_context__metadata",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """`who` is empty where nobody is on record, as for what the booking calendar tells."""

    at: dt.datetime
    text: str
    who: str = ""
    note: str = ""


def changed_by(user: User) -> pghistory.context:
    """The versions of visits written inside name this person, and so do later ones of the same transaction.

    For single changes: a version with a context costs its UPDATE half as much again (`docs/adr/0013-*`). Only an id
    goes in, never words or names: nothing erases a context.
    """
    return pghistory.context(by=str(user.pk))


def visit_history(visit: Appointment) -> list[Step]:
    """The oldest first. Four queries."""
    bookings = AppointmentBooking.objects.filter(appointment=visit.pk)[:MOST_ROWS]
    rows = _history_model().objects.filter(pgh_obj_id=visit.pk).order_by("pgh_id").values(*_COLUMNS)
    decisions = VisitDecision.objects.filter(appointment=visit.pk).order_by("decided_at", "pk")[:MOST_ROWS]
    kept, decided = list(rows[:MOST_ROWS]), list(decisions)
    actors = {person for row in kept for person in (_changer(row), row["completed_by_id"])}
    names = _names(actors | {one.decided_by_id for one in decided})
    steps = [
        *_of_bookings(visit, bookings),
        *_of_rows(kept, names),
        *_of_decisions(decided, names),
    ]
    return sorted(steps, key=lambda step: step.at)


def is_confirmed_by_patient(visit: Appointment) -> bool:
    """Whether it was the patient who said in the app that the visit is theirs. One query."""
    rows = _history_model().objects.filter(pgh_obj_id=visit.pk, identity_confirmed_at=visit.identity_confirmed_at)
    context = rows.order_by("pgh_id").values_list("pgh_context__metadata", flat=True).first()
    return (context or {}).get("by") == str(visit.patient_id)


def _history_model() -> Any:
    return apps.get_model("clinical", "AppointmentHistory")


def _changer(row: Mapping[str, Any]) -> uuid.UUID | None:
    """NULL for what the mirror, a sweep or another program wrote."""
    by = (row["pgh_context__metadata"] or {}).get("by")
    return uuid.UUID(by) if by else None


def _names(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    people = User.objects.filter(pk__in={pk for pk in ids if pk}).values_list("pk", "profile__full_name", "email")
    return {pk: name or email or "" for pk, name, email in people}


def _of_bookings(visit: Appointment, bookings: Iterable[AppointmentBooking]) -> Iterator[Step]:
    ordered = chain(bookings) if bookings else []
    if not ordered:
        yield Step(visit.created_at, _booked(visit.start_ts), _booked_by(visit))
        return
    first, head = ordered[0], ordered[-1]
    known = [moment for moment in (first.times_at, first.status_at, visit.created_at) if moment]
    yield Step(min(known), _booked(first.start_ts), _booked_by(visit))
    for before, after in pairwise(ordered):
        moved_at = before.rescheduled_to_at or after.rescheduled_from_at or after.created_at
        yield Step(moved_at, _moved(before.start_ts, after.start_ts))
    status = effective_status(head)
    if status in FINAL:
        at = (head.fetched_status_at if status != head.status else head.status_at) or head.updated_at
        yield Step(at, *_ended(status, head.cancellation_reason))


def _ended(status: str | None, reason: str | None) -> tuple[str, str, str]:
    if reason == RESCHEDULE_REQUESTED:
        return _("Called off: another time was asked for"), "", ""
    text = _("Cancelled") if status == CANCELLED else _("Declined")
    return text, "", reason or ""


def _booked(start: dt.datetime | None) -> str:
    return _("Booked for %(start)s") % {"start": _moment(start)}


def _moved(before: dt.datetime | None, after: dt.datetime | None) -> str:
    return _("Moved from %(before)s to %(after)s") % {"before": _moment(before), "after": _moment(after)}


def _moment(moment: dt.datetime | None) -> str:
    if moment is None:
        return _("an unknown time")
    local = localtime(moment)
    return date_format(local, "D j M Y, H:i") + repeated_offset(local)


def _booked_by(visit: Appointment) -> str:
    if visit.ai_session_id:
        return _("the patient, in a talk with the AI")
    if visit.patient_match == Appointment.PatientMatch.REFERENCE:
        return _("the patient, in the app")
    return _("in the booking calendar")


def _of_rows(rows: Sequence[Mapping[str, Any]], names: Mapping[uuid.UUID | None, str]) -> Iterator[Step]:
    for before, after in pairwise(rows):
        at, who = after["pgh_created_at"], names.get(_changer(after), "")
        if after["identity_confirmed_at"] and not before["identity_confirmed_at"]:
            yield Step(at, _("Identity confirmed"), who)
        if before["identity_confirmed_at"] and not after["identity_confirmed_at"]:
            yield Step(at, _("Confirmation of the identity undone"), who)
        if after["no_show"] != before["no_show"]:
            yield Step(at, _("Marked as no-show") if after["no_show"] else _("No-show mark removed"), who)
        if after["completed_at"] and not before["completed_at"]:
            yield Step(at, _("Marked as completed"), names.get(after["completed_by_id"], who))
        if after["patient_id"] and after["patient_id"] != before["patient_id"]:
            yield Step(at, _("Linked to a patient's account"), who)
        if after["doctor_id"] != before["doctor_id"]:
            yield Step(at, _("Given to another doctor"), who)


def _of_decisions(decisions: Iterable[VisitDecision], names: Mapping[uuid.UUID | None, str]) -> Iterator[Step]:
    texts = {
        VisitDecision.Choice.KEEP.value: _("Decided: it stays as booked"),
        VisitDecision.Choice.ASK_TO_MOVE.value: _("The patient was asked to choose another time"),
        VisitDecision.Choice.REASSIGN.value: _("A colleague was asked to take it"),
        VisitDecision.Choice.CANCEL.value: _("Its cancellation was asked for"),
    }
    for decision in decisions:
        yield Step(decision.decided_at, texts[decision.choice], names.get(decision.decided_by_id, ""), decision.reason)
