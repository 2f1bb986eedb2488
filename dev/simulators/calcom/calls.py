"""What a simulated operation is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import JsonValue

from dev.simulators.calcom.bookings import Bookings
from dev.simulators.calcom.inputs import Body, checked
from dev.simulators.calcom.outputs import Json
from dev.simulators.calcom.queries import page_numbers
from dev.simulators.calcom.world import World

B = TypeVar("B", bound=Body)

# cal-api-version of the resources that insist on one.
BOOKINGS_VERSION = "2024-08-13"
EVENT_TYPES_VERSION = "2024-06-14"
SCHEDULES_VERSION = "2024-06-11"
SLOTS_VERSION = "2024-09-04"


@dataclass(frozen=True, slots=True)
class Call:
    """One request past the doors. `is_signed` tells whether the organisation's key came with it."""

    world: World
    bookings: Bookings
    ids: Mapping[str, int | str]
    query: Mapping[str, str]
    body: JsonValue
    is_signed: bool

    def number(self, name: str) -> int:
        return int(self.ids[name])

    def text(self, name: str) -> str:
        return str(self.ids[name])

    def input(self, kind: type[B]) -> B:
        return checked(kind, self.body)

    @property
    def caller_email(self) -> str | None:
        return self.world.owner.email if self.is_signed else None


@dataclass(frozen=True, slots=True)
class Reply:
    """Goes out in the success envelope. `extra` stands beside `data`; without data there is only a status."""

    data: JsonValue = None
    extra: Json = field(default_factory=dict)
    has_data: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `key` says whether the organisation's key must come with the call."""

    method: str
    path: str
    handle: Callable[[Call], Reply]
    status: int = 200
    version: str | None = None
    key: Literal["needed", "optional"] = "needed"


def page(call: Call, rows: list[Json], *, default: int = 250, highest: int = 250) -> Reply:
    """take and skip over a list without a pagination block."""
    take, skip = page_numbers(call.query, default=default, highest=highest)
    return Reply(list(rows[skip : skip + take]))
