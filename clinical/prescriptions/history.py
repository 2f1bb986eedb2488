"""What happened to a prescription, step by step: who moved it, and when. Read from its history table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _

from accounts.models import User
from clinical.models import Prescription
from clinical.visits.history import Step

MOST_ROWS = 200
# Without the medications: they never change.
_COLUMNS = (
    "pgh_created_at", "status", "doctor_id", "pharmacist_id", "denial_reason", "denial_note", "take_over_reason",
    "confirmed_duplicates",
)  # fmt: skip
_Status = Prescription.Status
_Reason = Prescription.DenialReason
Row = Mapping[str, Any]
Names = Mapping[uuid.UUID | None, str]


def prescription_history(prescription: Prescription) -> list[Step]:
    """The oldest first. Two queries."""
    history: Any = apps.get_model("clinical", "PrescriptionHistory")
    kept = history.objects.filter(pgh_obj_id=prescription.pk).order_by("pgh_id").values(*_COLUMNS)
    rows: list[Row] = list(kept[:MOST_ROWS])
    people = {prescription.doctor_id, *(row["pharmacist_id"] for row in rows)} - {None}
    named = User.objects.filter(pk__in=people).values_list("pk", "profile__full_name", "email")
    names: Names = {pk: name or email or "" for pk, name, email in named}
    written = Step(prescription.created_at, _written(rows), names.get(prescription.doctor_id, ""))
    return [written, *_changes(rows, names)]


def _written(rows: Sequence[Row]) -> str:
    """By the first version: that of an older prescription was filled in, the prescription itself was left alone."""
    lines = rows[0]["confirmed_duplicates"] if rows else None
    if not lines:
        return _("Written")
    warned = ", ".join(map(str, lines))
    return _("Written, though warned that it is a duplicate (medication %(lines)s)") % {"lines": warned}


def _changes(rows: Sequence[Row], names: Names) -> Iterator[Step]:
    for before, after in pairwise(rows):
        if before["status"] != after["status"]:
            yield _move(before["status"], after, names)
        elif before["pharmacist_id"] != after["pharmacist_id"]:
            yield _handover(before, after, names)


def _handover(before: Row, after: Row, names: Names) -> Step:
    at, old, new = after["pgh_created_at"], before["pharmacist_id"], after["pharmacist_id"]
    if old is None:
        return Step(at, _("Taken up"), names.get(new, ""))
    if new is None:
        return Step(at, _("Given back"), names.get(old, ""))
    text = _("Taken over from %(name)s") % {"name": names.get(old, "")}
    return Step(at, text, names.get(new, ""), after["take_over_reason"] or "")


def _move(before: str, after: Row, names: Names) -> Step:
    at, status, pharmacist = after["pgh_created_at"], after["status"], names.get(after["pharmacist_id"], "")
    if status == _Status.DENIED:
        return _denial(after, names)
    if status == _Status.COMPLETED:
        return Step(at, _("Dispensed"), pharmacist)
    text = _("Dispensing undone") if before == _Status.COMPLETED else _("Approved")
    return Step(at, text, pharmacist)


def _denial(row: Row, names: Names) -> Step:
    at, reason = row["pgh_created_at"], row["denial_reason"]
    if reason == _Reason.WITHDRAWN:
        return Step(at, _("Withdrawn by the prescriber"), names.get(row["doctor_id"], ""))
    if reason == _Reason.EXPIRED:
        return Step(at, _("Expired"), _("by itself"))
    label = str(_Reason(reason).label) if reason in _Reason.values else reason or ""
    note = ": ".join(part for part in (label, row["denial_note"]) if part)
    return Step(at, _("Denied"), names.get(row["pharmacist_id"], ""), note)
