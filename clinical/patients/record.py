"""A patient's record as far as it is open to a doctor: a fixed number of queries, the newest first, cut off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.messages.reports import has_stopped_sms
from accounts.models import Patient, User
from accounts.people.names import age_text, display_phone, patient_name
from clinical.models import AiSession, Appointment, Prescription
from clinical.prescriptions.current import MOST_ENTRIES, CurrentMedication, current_medications
from clinical.prescriptions.medications import Medication, stored_medications
from clinical.visits.shown import VisitHeading, heading_of

# Of each kind, so that the page's entries are the latest of all kinds together.
_READ = MOST_ENTRIES + 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `kind` is visit, prescription or ai_session; `record` is its row."""

    kind: str
    at: dt.datetime
    record: Any
    heading: VisitHeading | None = None
    medications: Sequence[Medication] = ()

    @property
    def is_certain(self) -> bool:
        """Whether it is this patient's, and not perhaps of somebody who called from the phone."""
        return self.kind != "ai_session" or bool(self.record.is_caller_proven)


@dataclass(frozen=True, slots=True)
class PatientRecord:
    patient: Patient
    name: str
    age: str
    phone: str
    has_stopped_sms: bool
    upcoming: Sequence[Entry]
    past: Sequence[Entry]
    # Where the next page begins: there is more before it.
    earlier: dt.datetime | None
    current: Sequence[CurrentMedication]

    @property
    def is_uncertain(self) -> bool:
        """Nothing on the page but calls of who knows whom."""
        return bool(self.past) and not self.past[0].is_certain


def patient_record(
    *, user: User, patient: Patient, at: dt.datetime, today: dt.date, before: dt.datetime | None = None
) -> PatientRecord:
    """The record of a patient that `open_patient` gave: what is read here relies on that.

    The latest entries; with `before`, those before that time.
    """
    found = sorted(
        [
            *_visits(user, patient, before, at),
            *_prescriptions(user, patient, before),
            *_ai_sessions(user, patient, before),
        ],
        key=lambda entry: (entry.at, str(entry.record.pk)),
        reverse=True,
    )
    entries, earlier = _page(found)
    upcoming = [entry for entry in entries if entry.at > at]
    return PatientRecord(
        patient=patient,
        name=patient_name(patient.user),
        age=age_text(patient.date_of_birth, today),
        phone=display_phone(patient.user.phone) if patient.user.phone else "",
        has_stopped_sms=has_stopped_sms(patient.user.phone),
        upcoming=upcoming[::-1],
        past=_certain_first([entry for entry in entries if entry.at <= at]),
        earlier=earlier,
        current=current_medications(patient.pk, at=at, today=today),
    )


def _page(found: Sequence[Entry]) -> tuple[Sequence[Entry], dt.datetime | None]:
    """The first entries and, if there are more, where they end. What happened at one moment stays on one page."""
    if len(found) <= MOST_ENTRIES:
        return found, None
    last = found[MOST_ENTRIES - 1].at
    entries = [entry for entry in found if entry.at >= last]
    return entries, last if len(found) > len(entries) else None


def _certain_first(entries: list[Entry]) -> list[Entry]:
    """The latest that is certain leads; calls that are later, by who knows whom, come behind it."""
    leading = next((place for place, entry in enumerate(entries) if entry.is_certain), 0)
    return [*entries[leading : leading + 1], *entries[:leading], *entries[leading + 1 :]]


def _visits(user: User, patient: Patient, before: dt.datetime | None, at: dt.datetime) -> list[Entry]:
    """The hospital's visits of the patient; of other doctors only proven ones: a typed number proves nothing."""
    rows = (
        Appointment.objects.for_record(user)
        .filter(_until(start_ts=before), patient_id=patient.pk)
        .with_people()
        .order_by("-start_ts", "-pk")[:_READ]
    )
    return [Entry("visit", row.start_ts, row, heading=heading_of(row, at=at)) for row in rows]


def _prescriptions(user: User, patient: Patient, before: dt.datetime | None) -> list[Entry]:
    rows = (
        Prescription.objects.for_user(user)
        .filter(_until(created_at=before), patient_id=patient.pk)
        .with_people()
        .order_by("-created_at", "-pk")[:_READ]
    )
    return [
        Entry("prescription", row.created_at, row, medications=tuple(stored_medications(row.medications)))
        for row in rows
    ]


def _ai_sessions(user: User, patient: Patient, before: dt.datetime | None) -> list[Entry]:
    rows = (
        AiSession.objects.for_user(user)
        .with_claims()
        .filter(_until(start_time=before), patient_id=patient.pk)
        .defer("transcript")
        .order_by("-start_time", "-pk")[:_READ]
    )
    return [Entry("ai_session", row.start_time, row) for row in rows]


def _until(**column: dt.datetime | None) -> Q:
    return Q(**{f"{name}__lt": before for name, before in column.items() if before is not None})
