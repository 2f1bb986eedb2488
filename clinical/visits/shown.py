"""Who a visit is of and how it stands, as every page of staff says it: here, and nowhere else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.people.names import full_name, patient_name
from clinical.models import Appointment

MATCH_TEXTS: dict[str, Any] = {
    Appointment.PatientMatch.REFERENCE.value: gettext_lazy("booked in the app"),
    Appointment.PatientMatch.PHONE.value: gettext_lazy("matched by phone"),
    Appointment.PatientMatch.NONE.value: gettext_lazy("guest"),
}


class VisitState(models.TextChoices):
    """How a visit stands at a moment. The value is also part of a style's name, and stays."""

    CANCELLED = "cancelled", gettext_lazy("cancelled")
    NO_SHOW = "no_show", gettext_lazy("no-show")
    COMPLETED = "completed", gettext_lazy("completed")
    PENDING = "pending", gettext_lazy("unconfirmed")
    OVERDUE = "overdue", gettext_lazy("outcome missing")
    NOW = "now", gettext_lazy("in progress")
    BOOKED = "booked", gettext_lazy("booked")

    @property
    def is_over(self) -> bool:
        return self in (self.CANCELLED, self.NO_SHOW, self.COMPLETED)

    @property
    def tone(self) -> str:
        """The colour of its badge: good, bad, warn, brand, or none."""
        return _TONES.get(self, "")


_TONES = {
    VisitState.NO_SHOW: "bad",
    VisitState.COMPLETED: "good",
    VisitState.PENDING: "warn",
    VisitState.NOW: "brand",
}


@dataclass(frozen=True, slots=True)
class VisitHeading:
    """Who is expected at a visit, and how it stands. `account_name` is the name of its patient's account."""

    visit: Appointment
    name: str
    account_name: str
    state: VisitState

    @property
    def is_guest(self) -> bool:
        return self.visit.patient_id is None

    @property
    def is_identified(self) -> bool:
        return not self.is_guest and self.visit.is_patient_identified

    @property
    def name_and_account(self) -> str:
        """For whoever ties visits to accounts: a name that somebody typed need not be the account's."""
        if self.account_name in ("", self.name):
            return self.name
        return _("%(name)s (account of %(account)s)") % {"name": self.name, "account": self.account_name}


def heading_of(visit: Appointment, *, at: dt.datetime) -> VisitHeading:
    """No queries: the visit comes with its patient's profile."""
    account_name = full_name(visit.patient.user) if visit.patient else ""
    return VisitHeading(visit, visit_name(visit), account_name, visit_state(visit, at=at))


def visit_name(visit: Appointment) -> str:
    """Who is expected. Until the patient is proven, the name given with the booking leads."""
    if visit.patient is None:
        return visit.guest_name or _("Guest without a name")
    if not visit.is_patient_identified and visit.guest_name:
        return visit.guest_name
    return patient_name(visit.patient.user)


def visit_state(visit: Appointment, *, at: dt.datetime) -> VisitState:
    if visit.status == Appointment.Status.CANCELLED:
        return VisitState.CANCELLED
    if visit.no_show:
        return VisitState.NO_SHOW
    if visit.status == Appointment.Status.COMPLETED:
        return VisitState.COMPLETED
    if visit.is_pending_confirmation:
        return VisitState.PENDING
    if visit.end_ts <= at:
        return VisitState.OVERDUE
    return VisitState.NOW if visit.start_ts <= at else VisitState.BOOKED


def booking_reason() -> Subquery:
    """Why a visit was booked, as written in the app; for rows of `Appointment`. NULL: booked elsewhere, or nothing."""
    booked = Appointment.objects.filter(pk=OuterRef("pk"), booking_requests__kind="book").order_by()
    return Subquery(booked.values("booking_requests__reason")[:1])


def how_known(visit: Appointment) -> Any:
    """How we know the patient of the visit."""
    if visit.identity_confirmed_at:
        return _("confirmed")
    return MATCH_TEXTS.get(visit.patient_match, visit.patient_match)
