"""What staff decide about a visit, each act with the same arguments."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

from accounts.models import User
from clinical.models import VisitDecision
from clinical.visits.decisions import ask_to_move, cancel_visit, keep_visit
from tests.clinical.records import NOW

SOON = NOW + dt.timedelta(days=1)


class Act(Protocol):
    def __call__(self, *, appointment_id: Any, reason: str, by: User, at: dt.datetime) -> VisitDecision: ...


def keep(*, appointment_id: Any, reason: str, by: User, at: dt.datetime) -> VisitDecision:
    return keep_visit(appointment_id=appointment_id, by=by, at=at)


ACTS: list[Act] = [cancel_visit, ask_to_move, keep]
