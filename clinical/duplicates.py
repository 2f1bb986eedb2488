"""Whether a medicine was prescribed already: the same code, or the same name. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from clinical.medications import Medication

# Two prescriptions of one medicine within these days are worth a second look.
CLOSE = dt.timedelta(days=7)


class Medicine(Protocol):
    """What tells one medicine from another; a line may still be being written."""

    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str | None: ...
    @property
    def code_system(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another prescription of the patient."""

    at: dt.datetime
    prescriber: str
    status: str
    medications: Sequence[Medication]


def same_medicine(one: Medicine, other: Medicine) -> bool:
    """By code where both have one of the same system; by name otherwise, whatever the strength."""
    if one.code and other.code and one.code_system == other.code_system:
        return one.code.casefold() == other.code.casefold()
    return plain_name(one.name) == plain_name(other.name)


def duplicates(
    medications: Sequence[Medication], *, at: dt.datetime, others: Iterable[Earlier]
) -> list[Earlier | None]:
    """For each line the other prescription, closest in time and within 7 days, that has the same medicine."""
    close = [one for one in others if abs(one.at - at) <= CLOSE and one.status != "DENIED"]
    nearest = sorted(close, key=lambda one: abs(one.at - at))
    return [
        next((one for one in nearest if any(same_medicine(line, theirs) for theirs in one.medications)), None)
        for line in medications
    ]


def plain_name(name: str) -> str:
    return " ".join(name.casefold().split())
