"""What we rely on in Cal.com, asked for without changing anything: each probe yields what is otherwise.

A difference is a code and a detail that names fields, settings or event types, never people or bookings.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils import timezone
from pydantic import JsonValue, ValidationError

from core.times import known_zone
from integrations.calcom.api.answers import Answer
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.requests import utc_text
from integrations.calcom.api.responses import Booking, BookingStatus, EventType, Me, OrgUser, Schedule, VendorModel
from integrations.calcom.schedules.event_types import event_type_due, wanted_of
from integrations.calcom.setup.subscription import subscription_problems
from integrations.models import CalLink

Difference = tuple[str, str]
Probe = Callable[[CalcomClient], Iterator[Difference]]

# `[]` goes through a list. What is null is there.
USER_FIELDS = ("id", "email", "timeZone")
SCHEDULE_FIELDS = (
    *("id", "ownerId", "name", "timeZone", "isDefault"),
    *("availability[].days", "availability[].startTime", "availability[].endTime"),
    *("overrides[].date", "overrides[].startTime", "overrides[].endTime"),
)
BOOKING_FIELDS = (
    *("id", "uid", "status", "start", "end", "eventType.id", "bookingFieldsResponses"),
    *("hosts[].id", "hosts[].email", "attendees[].name", "attendees[].email", "attendees[].absent"),
    *("createdAt", "updatedAt"),
)
EVENT_TYPE_FIELDS = (
    *("id", "slug", "lengthInMinutes", "scheduleId"),
    *("schedulingType", "hosts[].userId", "bookingFields", "hidden"),
)
PAGINATION_FIELDS = ("totalItems", "returnedItems", "hasNextPage")
ROWS = 5
# So many event types are named; the rest is counted.
MOST_NAMED = 5
# Each team's event types are a call.
TEAMS_A_LOOK = 10
SLOT_DAYS = dt.timedelta(days=7)
# A quarter of an hour beside the full one: a grid that follows the asker's clock shows.
OTHER_ZONE = ZoneInfo("Asia/Kathmandu")


class NothingThere(Exception):
    """There is no row to look at yet."""


def key(client: CalcomClient) -> Iterator[Difference]:
    row = client.look("me", "/v2/me").data
    yield from _of_row(row, Me, ("id", "email", "timeZone"))
    org_id = row.get("organizationId") if isinstance(row, dict) else None
    if org_id != client.config.org_id:
        yield "other_organisation", str(org_id)


def users(client: CalcomClient) -> Iterator[Difference]:
    yield from _of_rows(client.look("list_org_users", "{org}/users", query=_take()), OrgUser, USER_FIELDS)


def schedules(client: CalcomClient) -> Iterator[Difference]:
    yield from _of_rows(client.look("list_org_schedules", "{org}/schedules", query=_take()), Schedule, SCHEDULE_FIELDS)


def bookings(client: CalcomClient) -> Iterator[Difference]:
    """The organisation's list, as pulls read it, and one of its bookings alone, as look-ups do."""
    answer = client.look("list_org_bookings", "{org}/bookings", query=_take())
    yield from _pages(answer)
    # Seats have a shape of their own, and are none of ours.
    rows = [row for row in _rows(answer) if not _has_seats(row)]
    if not rows:
        raise NothingThere
    uid = str(rows[0].get("uid", ""))
    alone = client.look("get_booking", f"/v2/bookings/{quote(uid, safe='')}").data if uid else None
    yield from _unique(one for row in [*rows, alone] for one in _of_row(row, Booking, BOOKING_FIELDS))
    unknown = {str(row["status"]) for row in rows if BookingStatus.read(row.get("status")) == BookingStatus.UNKNOWN}
    yield from (("unknown_status", status) for status in sorted(unknown))


def version(client: CalcomClient) -> Iterator[Difference]:
    """An older version, which answers where ours is unknown, has no bare list here."""
    yield from _pages(client.look("list_bookings", "/v2/bookings", query=_take()))


def event_types(client: CalcomClient) -> Iterator[Difference]:
    """The settings of the doctors' event types, in some teams: all of them are put back daily (`link_check`). Those
    that are about to be pushed are left out.
    """
    links = CalLink.objects.select_related("doctor__hospital").filter(
        cal_event_type_id__isnull=False, doctor__hospital__cal_team_id__isnull=False
    )
    by_team = defaultdict(list)
    for link in links.exclude(event_type_due()).order_by("pk"):
        by_team[link.doctor.hospital.cal_team_id].append(link)
    if not by_team:
        raise NothingThere
    found: list[Difference] = []
    for team_id in random.sample(list(by_team), min(TEAMS_A_LOOK, len(by_team))):
        rows = _rows(client.look("list_team_event_types", f"{{org}}/teams/{team_id}/event-types"))
        by_id = {row.get("id"): row for row in rows}
        found += [one for link in by_team[team_id] for one in _of_event_type(by_id.get(link.cal_event_type_id), link)]
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield "more", str(len(found) - MOST_NAMED)


def subscription(client: CalcomClient) -> Iterator[Difference]:
    yield from (("subscription", problem) for problem in subscription_problems(client))


def slots(client: CalcomClient) -> Iterator[Difference]:
    """One doctor's free times of a week, asked for in two zones: they are the same moments."""
    link = next((one for one in _links_for_slots() if known_zone(one.doctor.hospital.time_zone)), None)
    if link is None:
        raise NothingThere
    zone = ZoneInfo(str(link.doctor.hospital.time_zone))
    here, found = _slots_in(zone, link, zone, client)
    there, found_there = _slots_in(OTHER_ZONE, link, zone, client)
    yield from _unique(iter(found + found_there))
    if found or found_there:
        return
    if not here and not there:
        raise NothingThere
    if here != there:
        yield "slots_by_zone", f"{zone.key}, {OTHER_ZONE.key}"


PROBES: dict[str, Probe] = {
    "key": key,
    "users": users,
    "schedules": schedules,
    "version": version,
    "bookings": bookings,
    "event_types": event_types,
    "subscription": subscription,
    "slots": slots,
}


def _take() -> dict[str, str]:
    return {"take": str(ROWS)}


def _rows(answer: Answer) -> list[dict[str, Any]]:
    return [row for row in answer.data if isinstance(row, dict)] if isinstance(answer.data, list) else []


def _pages(answer: Answer) -> Iterator[Difference]:
    if not isinstance(answer.data, list):
        yield "no_list", ""
    yield from (("field_missing", f"pagination.{one}") for one in PAGINATION_FIELDS if _lacks(answer.pagination, one))


def _of_rows(answer: Answer, kind: type[VendorModel], fields: Sequence[str]) -> Iterator[Difference]:
    if not isinstance(answer.data, list):
        yield "no_list", ""
        return
    if not answer.data:
        raise NothingThere
    yield from _unique(one for row in answer.data for one in _of_row(row, kind, fields))


def _of_row(row: JsonValue, kind: type[VendorModel], fields: Sequence[str]) -> Iterator[Difference]:
    missing = [path for path in fields if _lacks(row, path)]
    yield from (("field_missing", path) for path in missing)
    try:
        kind.model_validate(row)
    except ValidationError as error:
        names = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
        named = {path.replace("[]", "").partition(".")[0] for path in missing}
        yield from (("field_unreadable", name) for name in names if name not in named)


def _lacks(value: JsonValue, path: str) -> bool:
    name, _, rest = path.partition(".")
    bare = name.removesuffix("[]")
    if not isinstance(value, dict) or bare not in value:
        return True
    inner = value[bare]
    if not rest:
        return False
    if bare == name:
        return _lacks(inner, rest)
    return not isinstance(inner, list) or any(_lacks(item, rest) for item in inner)


def _unique(found: Iterator[Difference]) -> Iterator[Difference]:
    yield from dict.fromkeys(found)


def _has_seats(row: dict[str, Any]) -> bool:
    people = row.get("attendees")
    return isinstance(people, list) and any(isinstance(one, dict) and "seatUid" in one for one in people)


def _of_event_type(row: dict[str, Any] | None, link: CalLink) -> Iterator[Difference]:
    if row is None:
        yield "event_type_gone", str(link.cal_event_type_id)
        return
    shape = list(_of_row(row, EventType, EVENT_TYPE_FIELDS))
    yield from shape
    if shape:
        return
    shown, wanted = EventType.model_validate(row), wanted_of(link.doctor.hospital)
    is_as_set = {
        "hosts": [host.user_id for host in shown.hosts] == [link.cal_user_id],
        "scheduleId": shown.schedule_id in {None, link.cal_schedule_id},
        "lengthInMinutes": shown.length_in_minutes == wanted.length_minutes,
        "afterEventBuffer": (shown.after_event_buffer or 0) == wanted.after_buffer_minutes,
        "minimumBookingNotice": (shown.minimum_booking_notice or 0) == wanted.minimum_notice_minutes,
        "schedulingType": str(shown.scheduling_type).lower() == "collective",
        "hidden": shown.hidden == link.pushed_hidden,
        "bookingFields": _asks_for_phone_only(row["bookingFields"]),
    }
    wrong = [name for name, is_right in is_as_set.items() if not is_right]
    if wrong:
        yield "event_type_settings", f"{link.cal_event_type_id}: {', '.join(wrong)}"


def _asks_for_phone_only(fields: JsonValue) -> bool:
    rows = [one for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []
    needs = {str(one.get("slug") or one.get("type")): bool(one.get("required")) for one in rows}
    return needs.get("attendeePhoneNumber", False) and not needs.get("email", True)


def _links_for_slots() -> Iterator[CalLink]:
    links = CalLink.objects.select_related("doctor__hospital").filter(
        cal_event_type_id__isnull=False, problem__isnull=True, doctor__user__is_active=True
    )
    yield from links.order_by("pk")[:ROWS]


def _slots_in(
    asked: ZoneInfo, link: CalLink, home: ZoneInfo, client: CalcomClient
) -> tuple[set[dt.datetime], list[Difference]]:
    """The starts, and what is not as such an answer should be. The query begins at a midnight of the doctor's."""
    tomorrow = timezone.now().astimezone(home).date() + dt.timedelta(days=1)
    start = dt.datetime.combine(tomorrow, dt.time(0), home)
    query = {
        "eventTypeId": str(link.cal_event_type_id),
        "start": utc_text(start),
        "end": utc_text(start + SLOT_DAYS),
        "timeZone": asked.key,
        "format": "range",
    }
    days = client.look("slots", "/v2/slots", query=query).data
    if not isinstance(days, dict):
        return set(), [("no_list", "")]
    starts: set[dt.datetime] = set()
    found: list[Difference] = []
    for day, rows in days.items():
        for row in rows if isinstance(rows, list) else [None]:
            at = _moment(row, "start")
            if at is None or _moment(row, "end") is None:
                found.append(("field_unreadable", "start or end"))
                continue
            starts.add(at)
            if at.utcoffset() != at.astimezone(asked).utcoffset() or at.date().isoformat() != day:
                found.append(("slots_in_another_zone", asked.key))
    return starts, found


def _moment(row: JsonValue, name: str) -> dt.datetime | None:
    text = row.get(name) if isinstance(row, dict) else None
    try:
        at = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
