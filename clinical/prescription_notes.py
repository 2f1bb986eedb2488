"""What the access log notes beside a step of a prescription, and how it reads. The same transaction wrote both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.access_log.record import AccessAction
from accounts.models import AccessEvent
from clinical.models import Prescription
from core.history import Step

_WARNED = "duplicate_confirmed: "


def warned_text(lines: Sequence[int]) -> str:
    """That the doctor was told of a duplicate in these lines and prescribed it all the same; for the access log."""
    return f"{_WARNED}{', '.join(map(str, lines))}" if lines else ""


def with_notes(steps: Sequence[Step], prescription: Prescription) -> list[Step]:
    """With the reason of taking it over, and the duplicates that the prescriber meant. One query."""
    noted = AccessEvent.objects.filter(
        patient_id=prescription.patient_id,
        action__in=[AccessAction.PRESCRIBED, AccessAction.TOOK_OVER_PRESCRIPTION],
        object_id=str(prescription.pk),
    )
    reasons: dict[dt.datetime, str] = dict(noted.values_list("at", "reason"))
    return [_noted(step, reasons.get(step.at, "")) for step in steps]


def _noted(step: Step, reason: str) -> Step:
    if not reason.startswith(_WARNED):
        return replace(step, note=reason or step.note)
    lines = reason.removeprefix(_WARNED)
    text = _("Written, though warned that it is a duplicate (medication %(lines)s)") % {"lines": lines}
    return replace(step, text=text)
