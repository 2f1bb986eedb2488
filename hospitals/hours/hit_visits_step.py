"""The step between typing hours or a time off and saving it: the booked visits that are hit, with a choice each.

Page logic for the portal and the dashboard alike. The step's form sends what was typed before along, hidden, so that
the same view reads both; a button named `visits` says what is to be done:

- `decide` saves, with the choices made; where a visit is to be kept or cancelled, it asks once more instead;
  whoever asks patients to move or cancels says why, for the patients to read;
- `confirm` saves, kept and cancelled visits included;
- `all-keep`, `all-ask_to_move`, `all-cancel` set every choice and show the step again, as `show` does unchanged;
- `back` shows the page before, as it was typed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hospitals.hours.actions import NO_ANSWERS, VisitAnswers
from hospitals.hours.open_hours import BookedVisit
from hospitals.ports import ShownVisit, VisitChoice, booked_visits

# More on one page nobody reads; what is left has one choice for all.
MOST_SHOWN = 200
REASON_LENGTH = 300
CHOICES: dict[VisitChoice, str | Promise] = {
    "keep": _("Keep"),
    "ask_to_move": _("Ask to move"),
    "cancel": _("Cancel"),
}

_BUTTON, _REASON, _REST, _REST_AFTER = "visits", "visits-reason", "visits-rest", "visits-rest-after"
_LISTED = "visits-listed"
_NOT_TYPED = {_BUTTON, _REASON, _REST, _REST_AFTER, _LISTED, "csrfmiddlewaretoken"}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """`choice` is None until somebody chose; `is_missing` where the form was saved without."""

    visit: ShownVisit
    name: str
    choice: VisitChoice | None
    is_new: bool
    is_missing: bool


@dataclass(frozen=True, slots=True)
class VisitStep:
    """`hidden` is what was typed before; `rest_count` the visits after the last row, `rest_after` where they begin."""

    rows: Sequence[VisitRow]
    total: int
    rest_count: int
    rest_after: str
    rest: VisitChoice | None
    reason: str
    hidden: Sequence[tuple[str, str]]
    was_saved: bool

    @property
    def choices(self) -> dict[VisitChoice, str | Promise]:
        return CHOICES

    @property
    def has_new(self) -> bool:
        return any(row.is_new for row in self.rows)

    @property
    def is_incomplete(self) -> bool:
        is_rest_missing = bool(self.rest_count) and self.rest is None
        return self.was_saved and (is_rest_missing or any(row.choice is None for row in self.rows))

    @property
    def is_message_missing(self) -> bool:
        chosen = {*(row.choice for row in self.rows), self.rest if self.rest_count else None}
        return self.was_saved and not self.reason and needs_message(*chosen)

    @property
    def kept_to_confirm(self) -> int:
        return self._to_confirm("keep")

    @property
    def cancelled_to_confirm(self) -> int:
        return self._to_confirm("cancel")

    def _to_confirm(self, choice: VisitChoice) -> int:
        """How many visits have this choice: asked once more, when everything else is said."""
        if not self.was_saved or self.is_incomplete or self.is_message_missing:
            return 0
        chosen = sum(row.choice == choice for row in self.rows)
        return chosen + (self.rest_count if self.rest == choice else 0)


def goes_back(data: QueryDict) -> bool:
    return data.get(_BUTTON) == "back"


def given_answers(data: QueryDict) -> VisitAnswers:
    """The choices, when a button that saves was pressed; none from any other, so that nothing is saved.

    Patients of visits that are kept may come to a doctor who is not there, and a cancellation cannot be undone: both
    are saved by `confirm` only.
    """
    if data.get(_BUTTON) not in ("decide", "confirm"):
        return NO_ANSWERS
    choices: dict[uuid.UUID, VisitChoice] = {}
    for name in data:
        visit_id, choice = _visit_id(name), as_choice(data.get(name))
        if visit_id and choice:
            choices[visit_id] = choice
    rest = as_choice(data.get(_REST))
    reason, chosen = typed_reason(data), (*choices.values(), rest)
    is_asked_first = data.get(_BUTTON) == "decide" and ("keep" in chosen or "cancel" in chosen)
    if is_asked_first or (needs_message(*chosen) and not reason):
        return NO_ANSWERS
    return VisitAnswers(choices, rest=rest, rest_after=_moment(data.get(_REST_AFTER)), reason=reason)


def needs_message(*chosen: VisitChoice | None) -> bool:
    """Patients who are asked or cancelled read why; those who are kept are told nothing."""
    return "ask_to_move" in chosen or "cancel" in chosen


def visit_step(data: QueryDict, hit: Sequence[BookedVisit], *, by: User) -> VisitStep:
    """The step for visits that are hit, with what was chosen so far; visits that were not in the list say so."""
    last = hit[:MOST_SHOWN][-1].start
    # Those that begin together are listed together: the rest is told by when it begins.
    listed = [visit for visit in hit if visit.start <= last]
    preset = as_choice(data.get(_BUTTON, "").removeprefix("all-"))
    shown = booked_visits().shown([visit.id for visit in listed], by=by)
    return VisitStep(
        rows=[_row(data, visit, preset) for visit in shown],
        total=len(hit),
        rest_count=len(hit) - len(listed),
        rest_after=last.isoformat() if len(hit) > len(listed) else "",
        rest=preset or as_choice(data.get(_REST)),
        reason=typed_reason(data),
        hidden=list(_typed_before(data)),
        was_saved=data.get(_BUTTON) in ("decide", "confirm"),
    )


def as_choice(value: object) -> VisitChoice | None:
    return next((choice for choice in CHOICES if choice == value), None)


def typed_reason(data: QueryDict) -> str:
    """On one line: it goes into the calendar, and into the patient's app."""
    one_line = " ".join(str(data.get(_REASON, "")).split())
    return "".join(character for character in one_line if character.isprintable())[:REASON_LENGTH]


def _row(data: QueryDict, visit: ShownVisit, preset: VisitChoice | None) -> VisitRow:
    name = f"visit-{visit.id}"
    chosen = preset or as_choice(data.get(name))
    # Nothing is preselected but what the patient was told already.
    choice = chosen or ("ask_to_move" if visit.choice == "ask_to_move" else None)
    is_new = _BUTTON in data and name not in data and str(visit.id) not in data.getlist(_LISTED)
    is_missing = choice is None and not is_new and data.get(_BUTTON) in ("decide", "confirm")
    return VisitRow(visit, name, choice, is_new=is_new, is_missing=is_missing)


def _typed_before(data: QueryDict) -> Iterator[tuple[str, str]]:
    for name, values in data.lists():
        if name not in _NOT_TYPED and _visit_id(name) is None:
            yield from ((name, str(value)) for value in values)


def _visit_id(name: str) -> uuid.UUID | None:
    prefix, _dash, text = name.partition("-")
    try:
        return uuid.UUID(text) if prefix == "visit" else None
    except ValueError:
        return None


def _moment(text: str | None) -> dt.datetime | None:
    try:
        moment = parse_datetime(text or "")
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
