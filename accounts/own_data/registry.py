"""What the house holds about a patient, app by app: for exporting it to them, and for erasing it.

Each app states its own part (`settings.PERSONAL_DATA`), from the lowest to the highest.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User

# A name in the export, and what there is of it.
Section = tuple[str, Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Held:
    """What becomes of one table's rows: the export's section they are in, or else why they are in none."""

    section: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to erase. `run(patient_id, at, limit)` does so for up to `limit` rows and says how many; it finds by
    itself what is left, so it can be run again.
    """

    name: str
    run: Callable[[uuid.UUID, dt.datetime, int], int]


@dataclass(frozen=True, slots=True)
class Wait:
    """Why somebody cannot be erased yet: so many of what `code` names."""

    code: str
    count: int


class PersonalData(Protocol):
    # By table.
    held: ClassVar[Mapping[str, Held]]
    steps: ClassVar[Sequence[Step]]

    def sections(self, user: User) -> Iterator[Section]:
        """All there is about the person, read while it is iterated."""
        ...

    def waits(self, patient_id: uuid.UUID, *, at: dt.datetime) -> list[Wait]: ...

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        """What cannot wait for `steps`: above all what is found by the number. Counts by name.

        Called inside the transaction that decides it, the highest app first: the lowest takes the number away.
        """
        ...

    def elsewhere(self, patient_id: uuid.UUID) -> list[str]:
        """What a vendor still has and we cannot erase, each by the vendor's own id."""
        ...


class NothingMore:
    """For an app that has no part in some of it."""

    held: ClassVar[Mapping[str, Held]] = {}
    steps: ClassVar[Sequence[Step]] = ()

    def sections(self, user: User) -> Iterator[Section]:
        return iter(())

    def waits(self, patient_id: uuid.UUID, *, at: dt.datetime) -> list[Wait]:
        return []

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        return {}

    def elsewhere(self, patient_id: uuid.UUID) -> list[str]:
        return []


def holders() -> list[PersonalData]:
    return [cast(PersonalData, import_string(path)()) for path in settings.PERSONAL_DATA]
