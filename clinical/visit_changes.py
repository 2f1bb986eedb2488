"""What became of a decision about a visit, derived from the visit as it is now and the calendar's answer. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from clinical.models import Appointment, VisitChange
    from clinical.ports import BookingOutcome

ChangeState = Literal[
    "kept",  # stays as booked
    "asked",  # the patient has not chosen another time yet
    "moved",  # is at another time since
    "passed",  # the time came, and the patient had not moved it
    "cancelling",  # on its way to the calendar
    "cancelled",
    "not_cancelled",  # the calendar refused it
]


def state_of(
    change: VisitChange, visit: Appointment, *, outcome: BookingOutcome | None, at: dt.datetime
) -> ChangeState:
    """`outcome` is that of the cancellation that was asked for."""
    if visit.status == "CANCELLED":
        return "cancelled"
    if change.choice == "cancel":
        return "not_cancelled" if outcome is None or outcome.state == "refused" else "cancelling"
    if visit.start_ts != change.start_ts:
        return "moved"
    if change.choice == "keep":
        return "kept"
    return "asked" if change.start_ts > at else "passed"
