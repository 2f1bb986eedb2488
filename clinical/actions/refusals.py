"""Why a write to a prescription or visit was refused: a stable `code`, and a sentence for the person."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A foreseen refusal. `message` is for the person who asked; the exception's own text is the code."""

    code = "refused"
    message: Promise = _("This cannot be done.")

    def __init__(self) -> None:
        super().__init__(self.code)


class NotFound(Refused):
    """There is no such record, or none that this person may see."""

    code = "not_found"
    message = _("There is no such record.")


class NotPermitted(Refused):
    code = "not_permitted"
    message = _("Your role does not do this.")


class RecordNotOpen(Refused):
    code = "record_not_open"
    message = _("Confirm who sits here first: this patient's record is not open to you.")


class AlreadyClaimed(Refused):
    """`holder` is the name of who has it, empty if unknown."""

    code = "already_claimed"
    message = _("A colleague has this prescription.")

    def __init__(self, holder: str = "") -> None:
        super().__init__()
        self.holder = holder


class NotClaimed(Refused):
    code = "not_claimed"
    message = _("Claim the prescription first.")


class NotTheirs(Refused):
    code = "not_yours"
    message = _("Another colleague has this prescription.")


class WrongState(Refused):
    code = "wrong_state"
    message = _("This prescription has moved on in the meantime.")


class ReasonMissing(Refused):
    code = "reason_missing"
    message = _("A denial needs a reason, and “other” needs a text.")


class UndoWindowPassed(Refused):
    code = "undo_window_passed"
    message = _("Dispensing can be undone within 5 minutes by the person who dispensed.")


class ContentIsFinal(Refused):
    code = "content_is_final"
    message = _("Patient, doctor and medications do not change: withdraw it and write a new one.")


class PharmacistElsewhere(Refused):
    code = "pharmacist_elsewhere"
    message = _("The pharmacist does not belong to this hospital.")


class LinesDoNotMatch(Refused):
    code = "lines_do_not_match"
    message = _("Every medication needs a quantity and a batch.")


class VisitCancelled(Refused):
    code = "visit_cancelled"
    message = _("This visit was cancelled.")


class VisitNotBegun(Refused):
    code = "visit_not_begun"
    message = _("This visit has not begun yet.")


class NobodyToConfirm(Refused):
    code = "nobody_to_confirm"
    message = _("No patient account belongs to this visit.")


_BY_RULE: dict[str, type[Refused]] = {
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
