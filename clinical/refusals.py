"""Why a write to a prescription or visit was refused: a stable `code`, and a sentence for the person."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from core.refusals import Conflict


class RecordNotOpen(Conflict):
    code = "record_not_open"
    message = _("Confirm who sits here first: this patient's record is not open to you.")


class ChangeOnItsWay(Conflict):
    code = "change_on_its_way"
    message = _("This appointment is already being cancelled or given to a colleague. Nothing was changed.")


class AlreadyClaimed(Conflict):
    """`holder` is the name of who has it, empty if unknown."""

    code = "already_claimed"
    message = _("A colleague has this prescription.")

    def __init__(self, holder: str = "") -> None:
        super().__init__()
        self.holder = holder


class NotClaimed(Conflict):
    code = "not_claimed"
    message = _("Claim the prescription first.")


class NotTheirs(Conflict):
    code = "not_yours"
    message = _("Another colleague has this prescription.")


class TakenTooRecently(Conflict):
    code = "taken_too_recently"
    message = _("A colleague has this prescription for less than 30 minutes: ask them to hand it back.")


class TakeOverReasonMissing(Conflict):
    code = "take_over_reason_missing"
    message = _("Say why you take it over: the colleague will want to know.")


class WrongState(Conflict):
    code = "wrong_state"
    message = _("This prescription has moved on in the meantime.")


class ReasonMissing(Conflict):
    code = "reason_missing"
    message = _("A denial needs a reason, and “other” needs a text.")


class UndoWindowPassed(Conflict):
    code = "undo_window_passed"
    message = _("Dispensing can be undone within 5 minutes by the person who dispensed.")


class ContentIsFinal(Conflict):
    code = "content_is_final"
    message = _("Patient, doctor and medications do not change: withdraw it and write a new one.")


class PharmacistElsewhere(Conflict):
    code = "pharmacist_elsewhere"
    message = _("The pharmacist does not belong to this hospital.")


class LinesDoNotMatch(Conflict):
    code = "lines_do_not_match"
    message = _("Every medication needs a quantity and a batch.")


class VisitCancelled(Conflict):
    code = "visit_cancelled"
    message = _("This visit was cancelled.")


class VisitBegun(Conflict):
    code = "visit_begun"
    message = _("This visit has begun: it can no longer be cancelled or moved.")


class VisitNotBegun(Conflict):
    code = "visit_not_begun"
    message = _("This visit has not begun yet.")


class NobodyToConfirm(Conflict):
    code = "nobody_to_confirm"
    message = _("No patient account belongs to this visit.")


class NoPatientWithNumber(NobodyToConfirm):
    message = _("No patient has signed in with this number.")


class ConfirmedByPatient(Conflict):
    code = "confirmed_by_patient"
    message = _("The patient has confirmed this appointment in the app: that cannot be undone here.")


_BY_RULE: dict[str, type[Conflict]] = {
    "prescriptions_state_moves": WrongState,
    "prescriptions_claimed_first": NotClaimed,
    "prescriptions_undo_window": UndoWindowPassed,
    "prescriptions_denial_reason": ReasonMissing,
    "prescriptions_content_is_final": ContentIsFinal,
    "prescriptions_pharmacist_of_hospital": PharmacistElsewhere,
}


@contextmanager
def translated_rules() -> Generator[None]:
    """Tell the refusals of the database's trigger as ours; every other violation passes."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        refused = _BY_RULE.get(getattr(diagnosis, "constraint_name", None) or "")
        if refused is None:
            raise
        raise refused from None
