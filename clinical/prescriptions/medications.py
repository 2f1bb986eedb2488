"""Medications of a prescription: the one model that forms, the API and the admin validate with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from core.text.digits import typed_number
from core.text.lines import typed_line
from core.text.search import search_text

MAX_MEDICATIONS = 20
MAX_DURATION_DAYS = 366
MAX_QUANTITY = 1000
MAX_REFILLS = 12


def _clean_text(value: object) -> object:
    return typed_line(value) if isinstance(value, str) else value


def _clean_number(value: object) -> object:
    number = typed_number(value) if isinstance(value, str) else value
    if number is None and value is not None:
        raise PydanticCustomError("int_parsing", "Input should be a whole number")
    return number


_Line = Annotated[str, StringConstraints(min_length=1, max_length=120), BeforeValidator(_clean_text)]
_Code = Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(_clean_text)]
_Note = Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(_clean_text)]
_Number = Annotated[int, BeforeValidator(_clean_number)]
# Two prescriptions of one medicine within these days are worth a second look.
CLOSE = dt.timedelta(days=7)


class Route(StrEnum):
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    INHALED = "inhaled"
    NASAL = "nasal"
    TOPICAL = "topical"
    TRANSDERMAL = "transdermal"
    EYE = "eye"
    EAR = "ear"
    RECTAL = "rectal"
    VAGINAL = "vaginal"
    SUBCUTANEOUS = "subcutaneous"
    INTRAMUSCULAR = "intramuscular"
    INTRAVENOUS = "intravenous"
    OTHER = "other"


class Medication(BaseModel):
    """One line. `quantity` is what is handed out each time; `refills` how often after the first time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Line
    code: _Code | None = None
    code_system: _Code | None = None
    strength: _Code | None = None
    dose: _Line
    route: Route
    frequency: _Line
    duration_days: _Number = Field(ge=1, le=MAX_DURATION_DAYS)
    quantity: _Number = Field(ge=1, le=MAX_QUANTITY)
    refills: _Number = Field(default=0, ge=0, le=MAX_REFILLS)
    instructions: _Note | None = None
    as_needed: bool = False

    def ends_on(self, *, started_on: dt.date) -> dt.date:
        """The day after the last one that this line and its refills cover."""
        return started_on + dt.timedelta(days=self.duration_days * (1 + self.refills))

    def is_current(self, *, started_on: dt.date, today: dt.date) -> bool:
        return started_on <= today < self.ends_on(started_on=started_on)


_MEDICATIONS: TypeAdapter[list[Medication]] = TypeAdapter(
    Annotated[list[Medication], Field(min_length=1, max_length=MAX_MEDICATIONS)]
)


class InvalidMedications(ValueError):
    """`errors` are pydantic's, without the input: `loc` is the line's number and the field."""

    code = "invalid_medications"

    def __init__(self, error: ValidationError) -> None:
        super().__init__(self.code)
        self.errors = error.errors(include_input=False, include_url=False, include_context=False)


def validate_medications(value: object) -> list[Medication]:
    """Raises: InvalidMedications."""
    try:
        return _MEDICATIONS.validate_python(value)
    except ValidationError as error:
        raise InvalidMedications(error) from None


def as_json(medications: Sequence[Medication]) -> list[dict[str, Any]]:
    """What the column holds: absent facts are left out."""
    return [line.model_dump(mode="json", exclude_none=True) for line in medications]


def stored_medications(value: object) -> list[Medication]:
    """The lines of a stored prescription, whoever wrote it: what we would refuse is shown as far as it goes."""
    lines = value if isinstance(value, list) else [value]
    return [_stored_line(line) for line in lines]


def _stored_line(line: object) -> Medication:
    try:
        return Medication.model_validate(line)
    except ValidationError:
        facts = line if isinstance(line, Mapping) else {"name": line}
        return Medication.model_construct(
            name=_text(facts, "name") or "?",
            dose=_text(facts, "dose"),
            frequency=_text(facts, "frequency"),
            strength=_text(facts, "strength") or None,
            instructions=_text(facts, "instructions") or None,
            route=Route.OTHER,
            duration_days=_count(facts, "duration_days", MAX_DURATION_DAYS),
            quantity=_count(facts, "quantity", MAX_QUANTITY),
            refills=_count(facts, "refills", MAX_REFILLS),
            as_needed=facts.get("as_needed") is True,
        )


def _text(facts: Mapping[Any, Any], key: str) -> str:
    value = facts.get(key)
    return str(value) if value is not None else ""


def _count(facts: Mapping[Any, Any], key: str, most: int) -> int:
    value = facts.get(key)
    return min(max(value, 0), most) if isinstance(value, int) else 0


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
        return plain_name(one.code) == plain_name(other.code)
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
    """As names are compared: Paracétamol is Paracetamol, however it was typed."""
    return search_text(name) or name.casefold().strip()
