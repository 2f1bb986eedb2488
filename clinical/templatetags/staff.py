from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinical.models import Prescription
from clinical.prescriptions.forms import ROUTE_LABELS
from clinical.prescriptions.medications import Medication, Route, stored_medications

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
