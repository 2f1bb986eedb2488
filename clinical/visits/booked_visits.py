"""`hospitals.ports.BookedVisits`: the mirrored visits, and what staff decided about them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from clinical.models import Appointment, VisitDecision
from clinical.ports import BookingOutcome, booking_provider
from clinical.visits.decisions import (
    DecisionState,
    ask_to_move,
    cancel_visit,
    decide_visits,
    keep_visit,
    phones_of,
    state_of,
)
from clinical.visits.shown import how_known, visit_name
from core.times import in_zone
from hospitals.hours.open_hours import BookedVisit
from hospitals.ports import DecidedVisit, DecisionCause, ShownVisit, VisitChoice

# Decisions about visits that are over stay in the list for so long: did everybody move in the end?
PAST_SHOWN = dt.timedelta(days=7)
_SETTLED: frozenset[DecisionState] = frozenset({"kept", "moved", "cancelled", "reassigned"})
_AMISS: frozenset[DecisionState] = frozenset({"not_cancelled", "not_reassigned", "passed"})
_CHANGEABLE: frozenset[DecisionState] = frozenset({"kept", "asked", "not_cancelled", "not_reassigned"})


class MirroredVisits:
    def booked(self, doctor_id: uuid.UUID, *, at: dt.datetime) -> list[BookedVisit]:
        # Of the hospital the doctor is at: what was left behind elsewhere is not theirs to decide.
        own = Appointment.objects.filter(doctor=doctor_id, hospital=F("doctor__hospital"))
        visits = own.filter(status=Appointment.Status.SCHEDULED, start_ts__gt=at)
        decided = VisitDecision.objects.current().filter(appointment__in=visits, doctor=doctor_id)
        leaving = _leaving(decided.filter(choice__in=["cancel", "reassign"]))
        rows = visits.order_by("start_ts", "pk").values_list("pk", "start_ts", "end_ts")
        return [BookedVisit(*row) for row in rows if row[0] not in leaving]

    def shown(self, ids: Collection[uuid.UUID], *, by: User) -> list[ShownVisit]:
        visits = list(Appointment.objects.for_user(by).filter(pk__in=ids).with_people().order_by("start_ts", "pk"))
        current = VisitDecision.objects.current().filter(appointment__in=visits)
        choices: dict[uuid.UUID, VisitChoice] = dict(current.values_list("appointment_id", "choice"))
        phones = phones_of(visits)
        return [_shown(visit, choices.get(visit.pk), visit.pk in phones) for visit in visits]

    def decide(
        self,
        choices: Mapping[uuid.UUID, VisitChoice],
        *,
        cause: DecisionCause,
        reason: str,
        by: User,
        at: dt.datetime,
    ) -> None:
        decide_visits(choices=choices, cause=cause, reason=reason, by=by, at=at)

    def decide_one(self, visit_id: uuid.UUID, choice: VisitChoice, *, reason: str, by: User, at: dt.datetime) -> None:
        if choice == "keep":
            keep_visit(appointment_id=visit_id, by=by, at=at)
        else:
            act = cancel_visit if choice == "cancel" else ask_to_move
            act(appointment_id=visit_id, reason=reason, by=by, at=at)

    def decided(self, doctor_id: uuid.UUID, *, by: User, at: dt.datetime, limit: int) -> list[DecidedVisit]:
        rows = VisitDecision.objects.for_user(by).current().filter(doctor=doctor_id).with_people()
        recent = rows.filter(start_ts__gt=at - PAST_SHOWN).order_by("-decided_at", "start_ts", "pk")
        decisions = list(recent[:limit])
        outcomes = _outcomes(decisions)
        return [_decided(one, outcomes, by, at) for one in decisions]


def _outcomes(decisions: Iterable[VisitDecision]) -> Mapping[uuid.UUID, BookingOutcome]:
    asked = [decision.request_id for decision in decisions if decision.request_id]
    return booking_provider().outcomes(asked) if asked else {}


def _leaving(decisions: Iterable[VisitDecision]) -> set[uuid.UUID]:
    decisions = list(decisions)
    outcomes = _outcomes(decisions)
    refused = {request_id for request_id, outcome in outcomes.items() if outcome.state == "refused"}
    return {decision.appointment_id for decision in decisions if decision.request_id not in refused}


def _shown(visit: Appointment, choice: VisitChoice | None, has_phone: bool) -> ShownVisit:
    zone = visit.hospital.time_zone if visit.hospital else None
    return ShownVisit(
        id=visit.pk,
        start=in_zone(visit.start_ts, zone),
        end=in_zone(visit.end_ts, zone),
        who=visit_name(visit),
        note="" if visit.is_patient_identified else capfirst(how_known(visit)),
        has_phone=has_phone,
        choice=choice,
    )


def _decided(
    decision: VisitDecision, outcomes: Mapping[uuid.UUID, BookingOutcome], by: User, at: dt.datetime
) -> DecidedVisit:
    visit = decision.appointment
    zone = decision.hospital.time_zone if decision.hospital else None
    outcome = outcomes.get(decision.request_id) if decision.request_id else None
    state = state_of(decision, visit, outcome=outcome, at=at)
    return DecidedVisit(
        id=visit.pk,
        start=in_zone(decision.start_ts, zone),
        who=visit_name(visit),
        state=_state_text(state, in_zone(visit.start_ts, zone), outcome),
        is_settled=state in _SETTLED and not (state == "kept" and decision.cause == VisitDecision.Cause.TIME_OFF),
        is_amiss=state in _AMISS,
        can_change=state in _CHANGEABLE and visit.start_ts > at,
        reason=decision.reason,
        link=reverse("staff:doctor-visit" if by.is_doctor else "admin:clinical_appointment_change", args=[visit.pk]),
    )


def _state_text(state: DecisionState, start: dt.datetime, outcome: BookingOutcome | None) -> str:
    if state == "moved":
        return _("Moved to %(time)s") % {"time": date_format(start, "D j M Y, H:i")}
    if state == "not_cancelled":
        return _not_cancelled(outcome.code if outcome else None)
    return {
        "kept": _("Kept"),
        "asked": _("Asked to move; waiting for the patient"),
        "passed": _("Asked to move; the time came first"),
        "cancelling": _("Being cancelled"),
        "cancelled": _("Cancelled"),
        "reassigning": _("Being given to a colleague"),
        "reassigned": _("With a colleague now"),
        "not_reassigned": _("Not given to a colleague: still with this doctor"),
    }[state]


def _not_cancelled(code: str | None) -> str:
    if code == "calendar_unavailable":
        return _("Not cancelled: the calendar could not be reached.")
    if code == "visit_changed":
        return _("Not cancelled: it was changed in the calendar meanwhile.")
    return _("Not cancelled: the calendar refused it.")
