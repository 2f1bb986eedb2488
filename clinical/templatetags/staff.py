from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinical.models import Prescription
from clinical.prescriptions.forms import ROUTE_LABELS
from clinical.prescriptions.medications import Medication, Route, stored_medications
from clinical.visits.shown import VisitHeading

register = template.Library()


@register.filter
def minutes(value: int) -> str:
    """A stretch of time in words: `35 min`, `1 h 5 min`, `2 days`."""
    hours, rest = divmod(int(value), 60)
    if hours >= 48:
        return ngettext("%(days)s day", "%(days)s days", hours // 24) % {"days": hours // 24}
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


@register.filter
def address(pk: uuid.UUID, name: str) -> str:
    """As `{% url %}` of a page of the dashboards with this id; for lists, as it costs a fiftieth."""
    before, after = _around_id(name)
    return f"{before}{pk}{after}"


@cache
def _around_id(name: str) -> tuple[str, str]:
    sample = uuid.UUID(int=0)
    before, after = reverse(f"staff:{name}", args=[sample]).split(str(sample))
    return before, after


@register.filter
def record_page(heading: VisitHeading) -> str:
    """Where a name leads: to the patient's record, or to the visit alone while it is not certain who comes."""
    if heading.is_identified and heading.visit.patient_id:
        return address(heading.visit.patient_id, "doctor-patient")
    return address(heading.visit.pk, "doctor-visit")


@register.filter
def route_label(value: Route) -> str:
    return str(ROUTE_LABELS.get(value, value))


@register.filter
def denial_reason(prescription: Prescription) -> str:
    reasons = dict(Prescription.DenialReason.choices)
    return str(reasons.get(prescription.denial_reason or "", prescription.denial_reason or ""))


@register.filter
def denial(prescription: Prescription) -> str:
    """Why a prescription was denied, in words."""
    label = denial_reason(prescription)
    return f"{label}: {prescription.denial_note}" if prescription.denial_note else label


@register.filter
def names(medications: Sequence[Medication]) -> str:
    return ", ".join(f"{line.name} {line.strength}" if line.strength else line.name for line in medications)


@register.filter
def stored_names(medications: object) -> str:
    """Of the lines as a prescription's column holds them."""
    return names(stored_medications(medications))


@register.filter
def paired(medications: Sequence[Medication], lines: Any) -> list[tuple[Medication, Any]]:
    """Each medication with what was dispensed of it, if anything was."""
    known = lines if isinstance(lines, list) else []
    return [(line, known[i] if i < len(known) else None) for i, line in enumerate(medications)]
