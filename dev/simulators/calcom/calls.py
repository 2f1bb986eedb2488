"""What a simulated operation is given and what it gives back."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar

from pydantic import JsonValue

from dev.simulators.calcom.bookings import Bookings
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.inputs import Body, checked
from dev.simulators.calcom.outputs import Json
from dev.simulators.calcom.records import Booking
from dev.simulators.calcom.world import World

STATUSES = ("upcoming", "recurring", "past", "cancelled", "unconfirmed")
EARLIEST = datetime.min.replace(tzinfo=UTC)
Test = Callable[[Booking], bool]
Field = Callable[[Booking], datetime | None]
Compare = Callable[[datetime, datetime], bool]
# Both ends are included.
TIME_FILTERS: dict[str, tuple[Field, Compare]] = {
    "afterStart": (lambda row: row.start, operator.ge),
    "beforeEnd": (lambda row: row.end, operator.le),
    "afterCreatedAt": (lambda row: row.created_at, operator.ge),
    "beforeCreatedAt": (lambda row: row.created_at, operator.le),
    "afterUpdatedAt": (lambda row: row.updated_at, operator.ge),
    "beforeUpdatedAt": (lambda row: row.updated_at, operator.le),
}
UNCOUNTED_FILTERS = ("afterCreatedAt", "beforeCreatedAt", "afterUpdatedAt", "beforeUpdatedAt")
B = TypeVar("B", bound=Body)
# cal-api-version of the resources that insist on one.
BOOKINGS_VERSION = "2024-08-13"
EVENT_TYPES_VERSION = "2024-06-14"
SCHEDULES_VERSION = "2024-06-11"
SLOTS_VERSION = "2024-09-04"


def select_bookings(world: World, query: Mapping[str, str]) -> tuple[list[Booking], int]:
    """All bookings that pass the query's filters, sorted, before paging; and how many Cal.com counts.

    It counts without the filters by time of creation and of change.
    """
    narrow = {name: query[name] for name in UNCOUNTED_FILTERS if name in query}
    wide = {name: value for name, value in query.items() if name not in narrow}
    tests = [*_simple_tests(world, wide), *_time_tests(wide), *_status_tests(wide, world.now())]
    counted = [row for row in world.bookings.values() if all(test(row) for test in tests)]
    rows = [row for row in counted if all(test(row) for test in _time_tests(narrow))]
    return _sorted(rows, query), len(counted)


def page_numbers(query: Mapping[str, str], *, default: int, highest: int) -> tuple[int, int]:
    """take and skip. Raises: ApiError for one out of bounds."""
    take = _whole(query, "take", default)
    skip = _whole(query, "skip", 0)
    if not 1 <= take <= highest:
        raise ApiError(400, "Bad Request Exception", errors=[_bound("take", f"must be 1 to {highest}")])
    if skip < 0:
        raise ApiError(400, "Bad Request Exception", errors=[_bound("skip", "must not be less than 0")])
    return take, skip


def pagination(total: int, take: int, skip: int) -> dict[str, JsonValue]:
    """The block that lists of bookings carry."""
    returned = min(take, max(0, total - skip))
    remaining = max(0, total - skip - returned)
    return {
        "totalItems": total,
        "remainingItems": remaining,
        "returnedItems": returned,
        "itemsPerPage": take,
        "currentPage": skip // take + 1,
        "totalPages": -(-total // take),
        "hasNextPage": remaining > 0,
        "hasPreviousPage": skip > 0,
    }


def _simple_tests(world: World, query: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = []
    if uid := query.get("bookingUid"):
        tests.append(lambda row: row.uid == uid)
    if email := query.get("attendeeEmail", "").lower():
        tests.append(lambda row: any(person.email.lower() == email for person in row.attendees))
    if name := query.get("attendeeName", "").lower():
        tests.append(lambda row: any(person.name.lower() == name for person in row.attendees))
    if types := _numbers(query, "eventTypeIds", "eventTypeId"):
        tests.append(lambda row: row.event_type_id in types)
    if teams := _numbers(query, "teamsIds", "teamIds", "teamId"):
        tests.append(lambda row: world.event_types[row.event_type_id].team_id in teams)
    if users := _numbers(query, "userIds"):
        tests.append(lambda row: row.host_id in users)
    return tests


def _time_tests(query: Mapping[str, str]) -> list[Test]:
    bounds = ((name, _time(query, name)) for name in TIME_FILTERS)
    return [_bounded(at, *TIME_FILTERS[name]) for name, at in bounds if at is not None]


def _bounded(at: datetime, field: Field, compare: Compare) -> Test:
    def passes(row: Booking) -> bool:
        value = field(row)
        return value is not None and compare(value, at)

    return passes


def _status_tests(query: Mapping[str, str], now: datetime) -> list[Test]:
    wanted = [status for status in query.get("status", "").split(",") if status]
    unknown = [status for status in wanted if status not in STATUSES]
    if unknown:
        raise ApiError(400, "Bad Request Exception", errors=[_bound("status", "is not a valid status")])
    return [lambda row: any(_has_status(row, status, now) for status in wanted)] if wanted else []


def _has_status(row: Booking, status: str, now: datetime) -> bool:
    gone = row.status in {"cancelled", "rejected"}
    if status == "cancelled":
        return gone
    if status == "upcoming":
        return not gone and row.end >= now
    if status == "past":
        return not gone and row.end < now
    if status == "recurring":
        return not gone and row.recurring_uid is not None and row.end >= now
    return status == "unconfirmed" and row.status == "pending" and row.end >= now


def _sorted(rows: list[Booking], query: Mapping[str, str]) -> list[Booking]:
    keys: dict[str, Callable[[Booking], datetime]] = {
        "sortStart": lambda row: row.start,
        "sortEnd": lambda row: row.end,
        "sortCreated": lambda row: row.created_at,
        "sortUpdatedAt": lambda row: row.updated_at or EARLIEST,
    }
    rows.sort(key=lambda row: row.id)
    for name, key in keys.items():
        if direction := query.get(name):
            rows.sort(key=key, reverse=direction == "desc")
    return rows


def _numbers(query: Mapping[str, str], *names: str) -> set[int]:
    texts = [text for name in names for text in query.get(name, "").split(",")]
    return {int(text) for text in texts if text.isdigit()}


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        error = _bound(name, f"{name} must be a valid ISO 8601 date string")
        raise ApiError(400, "Bad Request Exception", errors=[error]) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isdigit():
        raise ApiError(400, "Bad Request Exception", errors=[_bound(name, f"{name} must be an integer number")])
    return int(text)


def _bound(name: str, message: str) -> JsonValue:
    return {"property": name, "constraints": {"invalid": message}}


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
