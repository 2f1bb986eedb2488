"""Booked visits that a change of hours or a time off hits: nobody saves either without saying what becomes of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import User
from hospitals.open_hours import BookedVisit
from hospitals.ports import DecisionCause, VisitChoice, booked_visits


class VisitsHit(Exception):
    """Some of the visits that are hit have no answer. `visits` are all that are hit, by start."""

    code = "visits_hit"

    def __init__(self, visits: Sequence[BookedVisit]) -> None:
        super().__init__(self.code)
        self.visits = visits


@dataclass(frozen=True, slots=True)
class VisitAnswers:
    """A choice for each visit that was shown. `rest` is for those that begin after `rest_after`: too many to show.

    `reason` is told to the patients of visits that are cancelled or to be moved.
    """

    choices: Mapping[uuid.UUID, VisitChoice] = field(default_factory=dict)
    rest: VisitChoice | None = None
    rest_after: dt.datetime | None = None
    reason: str = ""

    def choice_for(self, visit: BookedVisit) -> VisitChoice | None:
        if visit.id in self.choices or self.rest_after is None:
            return self.choices.get(visit.id)
        return self.rest if visit.start > self.rest_after else None


NO_ANSWERS = VisitAnswers()


def settle_hit_visits(
    visits: Sequence[BookedVisit], *, answers: VisitAnswers, cause: DecisionCause, by: User, at: dt.datetime
) -> None:
    """Decide about each visit as answered, in the caller's transaction.

    Raises: VisitsHit, Refused.
    """
    choices = {visit.id: choice for visit in visits if (choice := answers.choice_for(visit))}
    if len(choices) != len(visits):
        raise VisitsHit(visits)
    if choices:
        booked_visits().decide(choices, cause=cause, reason=answers.reason, by=by, at=at)
