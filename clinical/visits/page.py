"""What a visit's page shows beside the visit: its mark, where that stands, and what was decided about it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinical.models import Appointment, VisitDecision
from clinical.ports import booking_provider
from clinical.visits.attendance import SEEN_EARLY_BY
from clinical.visits.decisions import REASON_LENGTH, DecisionState, state_of
from clinical.visits.shown import VisitHeading, VisitState, heading_of
from core.form_fields import FocusedOnError

# Cancelling is asked once more; `back` leaves that question.
CANCEL_FOR_GOOD, BACK = "cancel_for_good", "back"
CHOICES = (VisitDecision.Choice.ASK_TO_MOVE.value, VisitDecision.Choice.CANCEL.value, CANCEL_FOR_GOOD, BACK)


@dataclass(frozen=True, slots=True)
class VisitPage:
    """`passed_on` tells of the mark: pending, or the code of why the calendar does not hold it; empty otherwise."""

    visit: Appointment
    heading: VisitHeading
    passed_on: str
    decision: VisitDecision | None
    decision_state: DecisionState | None
    now: dt.datetime

    @property
    def has_begun(self) -> bool:
        return self.visit.start_ts <= self.now

    @property
    def can_confirm(self) -> bool:
        return self.visit.start_ts - SEEN_EARLY_BY <= self.now

    @property
    def is_marked(self) -> bool:
        return self.visit.completed_at is not None or self.visit.no_show

    @property
    def can_change(self) -> bool:
        is_open = self.visit.status == Appointment.Status.SCHEDULED and self.visit.start_ts > self.now
        return is_open and self.decision_state not in ("cancelling", "reassigning")

    @property
    def offers(self) -> str:
        """Changes when the page has other buttons or words to offer than it was shown with."""
        facts = (
            self.heading.state == VisitState.CANCELLED,
            self.decision_state,
            self.has_begun,
            self.can_confirm,
            self.visit.no_show,
            self.is_marked,
            self.can_change,
            self.visit.patient_id,
            self.heading.is_identified,
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    @property
    def shows_reason_apart(self) -> bool:
        """Whether the reason of a cancellation is not the one that the staff's decision shows already."""
        is_shown = self.decision_state not in (None, "kept")
        return not (is_shown and self.decision and self.decision.reason == self.visit.cancellation_reason)

    @property
    def phone_end(self) -> str:
        return (self.visit.patient.user.phone or "")[-4:] if self.visit.patient else ""


def visit_page(*, user: User, visit: Appointment, at: dt.datetime) -> VisitPage:
    """`visit` comes with its people, and is the user's to see."""
    decisions = VisitDecision.objects.for_user(user).current().filter(appointment=visit)
    decision = decisions.select_related("decided_by__profile").first()
    return VisitPage(
        visit=visit,
        heading=heading_of(visit, at=at),
        passed_on=_passed_on(visit),
        decision=decision,
        decision_state=_decision_state(decision, visit, at),
        now=at,
    )


def _passed_on(visit: Appointment) -> str:
    outcome = booking_provider().absence_outcome(visit.pk)
    if outcome is None or outcome.state == "done":
        return ""
    return outcome.code or "refused" if outcome.state == "refused" else "pending"


def _decision_state(decision: VisitDecision | None, visit: Appointment, at: dt.datetime) -> DecisionState | None:
    if decision is None:
        return None
    asked = [decision.request_id] if decision.request_id else []
    outcomes = booking_provider().outcomes(asked) if asked else {}
    outcome = outcomes.get(decision.request_id) if decision.request_id else None
    return state_of(decision, visit, outcome=outcome, at=at)


class VisitDecisionForm(FocusedOnError):
    """What is to become of a booked visit; which, is said by the button."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Shown to the patient."),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Enter a reason.")},
    )
    choice = forms.ChoiceField(choices=[(one, one) for one in CHOICES])

    use_required_attribute = False
