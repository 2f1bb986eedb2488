"""What the portal says about records, in one place for lists, filters and pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from clinical.models import Appointment

VISIT_STATUS_TEXTS: dict[str, Any] = {
    Appointment.Status.SCHEDULED.value: _("booked"),
    Appointment.Status.COMPLETED.value: _("completed"),
    Appointment.Status.CANCELLED.value: _("cancelled"),
}
MATCH_TEXTS: dict[str, Any] = {
    Appointment.PatientMatch.REFERENCE.value: _("booked in the app"),
    Appointment.PatientMatch.PHONE.value: _("matched by phone"),
    Appointment.PatientMatch.NONE.value: _("guest"),
}
# By kind: what it is, and what to do about it.
CONFLICT_TEXTS: dict[str, tuple[Any, Any]] = {
    "overlap": (
        _("Visits of a doctor that overlap"),
        _("Ask one of the two patients to choose another time, or keep both if the doctor can see them together."),
    ),
    "time_off": (
        _("Visits in a doctor's time off"),
        _("Ask the patient to choose another time, cancel, or keep the visit if the doctor comes in for it."),
    ),
    "guest": (
        _("Guests with the number of a patient"),
        _("Tie the visit to the patient with this number. It is shown in their app, and they can say it is theirs."),
    ),
    "unconfirmed": (
        _("Matched by phone, and nobody said who sits there"),
        _("Ask the person for name and date of birth. If it is the patient, confirm: the doctor then sees the record."),
    ),
}
