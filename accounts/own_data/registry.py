"""What the house holds about a patient, app by app: for exporting it to them, and for erasing it.

Each app states its own part (`settings.PERSONAL_DATA`), from the lowest to the highest.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, ClassVar, Protocol, cast

import orjson
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from accounts.access_log.record import AccessAction, record_access
from accounts.guessing.counters import count_hit
from accounts.models import User
from core.rate_windows import Limit

# A name in the export, and what there is of it.
Section = tuple[str, Iterable[dict[str, Any]]]
EXPORTS = "export"
EXPORT_WINDOW = dt.timedelta(days=1)
# Of the document's shape.
FORMAT = 1


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


@transaction.atomic
def begin_export(*, by: User, at: dt.datetime) -> None:
    """Count and record one export of a person's own data. Raises: TooOften."""
    limit = Limit(settings.EXPORTS_A_DAY, EXPORT_WINDOW)
    count_hit(kind=EXPORTS, subject=str(by.pk), limit=limit, at=at)
    record_access(by=by, action=AccessAction.EXPORTED, patient_id=by.pk, object_kind="patient", object_id=by.pk)


def write_export(to: IO[bytes], *, by: User, at: dt.datetime) -> None:
    """All there is about the person as one JSON object, written piece by piece: a long record is never in memory."""
    to.write(b'{"format":%d,"made_at":%s' % (FORMAT, orjson.dumps(at)))
    for holder in holders():
        for name, rows in holder.sections(by):
            to.write(b",%s:[" % orjson.dumps(name))
            to.writelines(_joined(iter(rows)))
            to.write(b"]")
    to.write(b"}")


def _joined(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield (b"," if number else b"") + orjson.dumps(row, default=str)
