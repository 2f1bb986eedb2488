"""Every call of the client, and what the simulator answers, against the vendor's own description.

The description is not in the repository; where it is absent, these tests are skipped and say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from jsonschema import Draft202012Validator

from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.requests import BookingFilters, EventTypeChanges
from integrations.calcom.api.responses import Booking
from tests.contracts.calcom_teams import TEAM_OPERATIONS
from tests.integrations.calcom.clinic import (
    BERLIN,
    HALF_HOUR,
    HOURS,
    MONDAY_TEN,
    REFERENCE,
    TEAM_ID,
    Clinic,
    control,
    open_clinic,
    past_row,
)

OPERATIONS = REFERENCE / "operations.json"
VERSIONS = {"2024-04-15", "2024-06-11", "2024-06-14", "2024-08-13", "2024-09-04"}

# Declared otherwise than Cal.com answers; each is told in its issues or seen in its code.
LOOSE_FIELDS = {
    "updatedAt": "null on old rows",
    "payloadTemplate": "null where there is none",
    "secret": "null where there is none",
    "recurrence": "null where there is none, declared as an object without `nullable`",
    "hosts": "declared as strings for team event types, but objects with a userId",
}
# Of a subscription alone: declared a number, a UUID in the database.
WEBHOOK_MARK = "subscriberUrl"

pytestmark = pytest.mark.skipif(
    not OPERATIONS.exists(), reason="the vendor's description of its API is not beside this checkout"
)


def json_schema(source: Any, *, is_closed: bool) -> Any:
    """OpenAPI 3.0 as JSON Schema, relaxed where the description is known to be loose.

    A closed schema admits no undeclared field: Cal.com drops those unsaid, so sending one is a mistake.
    """
    if isinstance(source, list):
        return [json_schema(item, is_closed=is_closed) for item in source]
    if not isinstance(source, dict) or "$ref" in source:
        # Some references point at nothing in the extract: anything passes there.
        return {} if isinstance(source, dict) else source
    schema = {key: json_schema(value, is_closed=is_closed) for key, value in source.items() if key in NESTED}
    schema |= {key: value for key, value in source.items() if key in PLAIN}
    if "properties" in source:
        schema["properties"] = _properties(source["properties"], is_closed=is_closed)
        if is_closed:
            schema["additionalProperties"] = False
    # Variants overlap (a plain booking also fits the recurring shape): one match is enough, two are no error.
    if "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    if schema.get("type") == "array":
        # The enum of the items is repeated on the array itself, which no array could satisfy.
        schema.pop("enum", None)
    # A pattern may be printed as the name of its constant.
    if "pattern" in schema:
        schema["pattern"] = NAMED_PATTERNS.get(schema["pattern"], schema["pattern"])
    if schema.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema):
        # Numbers and free values are declared as bare objects.
        del schema["type"]
    return {"anyOf": [schema, {"type": "null"}]} if source.get("nullable") else schema


NAMED_PATTERNS = {"TIME_FORMAT_HH_MM": r"^([01]\d|2[0-3]):([0-5]\d)$"}
NESTED = ("items", "oneOf", "allOf", "anyOf", "additionalProperties")
PLAIN = ("type", "enum", "required", "minimum", "maximum", "pattern", "maxLength", "minLength")


def _properties(source: dict[str, Any], *, is_closed: bool) -> dict[str, Any]:
    loose = set() if is_closed else set(LOOSE_FIELDS) | ({"id"} if WEBHOOK_MARK in source else set())
    return {name: {} if name in loose else json_schema(value, is_closed=is_closed) for name, value in source.items()}


class Contract:
    """The operations, and the exchanges held against them."""

    def __init__(self) -> None:
        described: list[dict[str, Any]] = json.loads(OPERATIONS.read_text())
        self.operations = described + TEAM_OPERATIONS + _webhooks_of_the_organisation(described)
        self.seen: list[str] = []

    def check(self, response: requests.Response, *_args: Any, **_options: Any) -> None:
        operation = self._operation(response.request)
        self._check_request(operation, response.request)
        self._check_answer(operation, response)
        self.seen.append(operation["operationId"])

    def _operation(self, request: requests.PreparedRequest) -> dict[str, Any]:
        path = urlsplit(str(request.url)).path
        found = [
            row
            for row in self.operations
            if row["method"] == request.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", row["path"]), path)
        ]
        assert found, f"no such operation: {request.method} {path}"
        # `/default` and the like are described beside `/{id}`: the one with the fewest placeholders is meant.
        return min(found, key=lambda row: row["path"].count("{"))

    def _check_request(self, operation: dict[str, Any], request: requests.PreparedRequest) -> None:
        version = request.headers["cal-api-version"]
        assert version == operation["calApiVersion"] or (operation["calApiVersion"] is None and version in VERSIONS)
        given = parse_qs(urlsplit(str(request.url)).query)
        declared = {row["name"]: row for row in operation["parameters"] if row["in"] == "query"}
        assert set(given) <= set(declared)
        assert {name for name, row in declared.items() if row.get("required")} <= set(given)
        for name, values in given.items():
            _validate(
                json_schema(declared[name]["schema"], is_closed=True),
                _typed(declared[name]["schema"], values),
            )
        needs_key = any(row["name"] == "Authorization" and row.get("required") for row in operation["parameters"])
        assert not needs_key or "Authorization" in request.headers
        body = json.loads(request.body) if request.body else None
        if operation["requestBody"] is None:
            assert body in (None, {})
        else:
            _validate(json_schema(operation["requestBody"], is_closed=True), body)

    def _check_answer(self, operation: dict[str, Any], response: requests.Response) -> None:
        assert str(response.status_code) in operation["responses"]
        answer = response.json()
        schema = json_schema(operation["responses"][str(response.status_code)], is_closed=False)
        # Slots are described without the envelope that their own examples show.
        _validate(schema, answer["data"] if operation["path"] == "/v2/slots" else answer)


def _webhooks_of_the_organisation(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The extract leaves these out: they take and answer what the user's own routes do."""
    own = [row for row in described if row["path"] == "/v2/webhooks/{webhookId}"]
    return [row | {"path": "/v2/organizations/{orgId}/webhooks/{webhookId}"} for row in own]


def _typed(schema: dict[str, Any], values: list[str]) -> Any:
    if schema["type"] == "array":
        return values[0].split(",")
    return float(values[0]) if schema["type"] == "number" else values[0]


def _validate(schema: Any, value: Any) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    assert errors == []


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path_factory.mktemp("contract") / "state.sqlite3") as process:
        yield process


@pytest.fixture
def contract() -> Contract:
    return Contract()


@pytest.fixture
def clinic(simulator: SimulatorProcess, contract: Contract) -> Iterator[Clinic]:
    with requests.Session() as session:
        session.hooks["response"].append(contract.check)
        yield open_clinic(simulator, session)


def _pending(clinic: Clinic) -> Booking:
    kind = clinic.new_type("asked", needs_confirmation=True, schedule_id=clinic.schedule.id)
    return Clinic(clinic.simulator, clinic.client, clinic.doctor, clinic.schedule, kind).book()


def _newcomer(clinic: Clinic) -> int:
    return clinic.client.create_org_user(email="n@example.com", name="N", time_zone="UTC").id


def _past(clinic: Clinic) -> str:
    control(clinic.simulator, "POST", "bookings", [past_row(clinic, "past", updatedAt=None)])
    return "past"


def _webhook_changed(clinic: Clinic) -> object:
    hook = clinic.client.create_org_webhook(url="http://127.0.0.1:9/hook", secret="s")
    return clinic.client.update_org_webhook(hook.id, url=hook.subscriber_url, secret="t")


ALL_FILTERS = BookingFilters(
    status=["upcoming", "past"],
    attendee_email="p@example.com",
    booking_uid="u1",
    event_type_ids=[1, 2],
    after_start=datetime(2050, 1, 1, tzinfo=UTC),
    before_end=datetime(2051, 1, 1, tzinfo=UTC),
    after_created_at=datetime(2050, 1, 1, tzinfo=UTC),
    before_created_at=datetime(2051, 1, 1, tzinfo=UTC),
    after_updated_at=datetime(2050, 1, 1, tzinfo=UTC),
    before_updated_at=datetime(2051, 1, 1, tzinfo=UTC),
    sort_start="asc",
    sort_created="asc",
    sort_updated_at="desc",
)
ANY = BookingFilters()
AWAY = "dora@example.com"

CALLS: dict[str, Callable[[Clinic], object]] = {
    "me": lambda c: c.client.me(),
    "look": lambda c: c.client.look("list_bookings", "/v2/bookings", query={"take": "1"}),
    "list_org_users": lambda c: c.client.list_org_users(emails=[AWAY]),
    "create_org_user": lambda c: c.client.create_org_user(email="n@example.com", name="N", time_zone="UTC"),
    "list_user_schedules": lambda c: c.client.list_user_schedules(c.doctor.id),
    "list_org_schedules": lambda c: c.client.list_org_schedules(),
    "create_user_schedule": lambda c: c.client.create_user_schedule(c.doctor.id, HOURS),
    "get_user_schedule": lambda c: c.client.get_user_schedule(c.doctor.id, c.schedule.id),
    "update_user_schedule": lambda c: c.client.update_user_schedule(c.doctor.id, c.schedule.id, HOURS),
    "delete_user_schedule": lambda c: c.client.delete_user_schedule(c.doctor.id, c.schedule.id),
    "list_team_members": lambda c: c.client.list_team_members(TEAM_ID),
    "add_team_member": lambda c: c.client.add_team_member(TEAM_ID, _newcomer(c)),
    "update_team_event_type": lambda c: c.client.update_team_event_type(
        TEAM_ID, c.event_type.id, EventTypeChanges(45, 5, 120, host_ids=[c.doctor.id], schedule_id=c.schedule.id)
    ),
    "list_team_event_types": lambda c: c.client.list_team_event_types(TEAM_ID),
    "create_team_event_type": lambda c: c.new_type("asked", needs_confirmation=True, before_buffer_minutes=5),
    "slots": lambda c: c.client.slots(
        event_type_id=c.event_type.id, start=MONDAY_TEN, end=MONDAY_TEN + timedelta(days=2), time_zone=BERLIN
    ),
    "create_booking": lambda c: c.book(),
    "get_booking": lambda c: c.client.get_booking(c.book().uid),
    "get_bookings": lambda c: c.client.get_bookings(c.book().uid),
    "list_org_bookings": lambda c: [c.book(), _past(c), c.client.list_org_bookings(ANY)],
    "iter_org_bookings": lambda c: [c.book(), list(c.client.iter_org_bookings(ALL_FILTERS, take=1))],
    "cancel_booking": lambda c: c.client.cancel_booking(c.book().uid, reason="ill"),
    "reschedule_booking": lambda c: c.client.reschedule_booking(
        c.book().uid, start=MONDAY_TEN + HALF_HOUR, reason="later", rescheduled_by=AWAY
    ),
    "confirm_booking": lambda c: c.client.confirm_booking(_pending(c).uid),
    "decline_booking": lambda c: c.client.decline_booking(_pending(c).uid, reason="full"),
    "mark_absent": lambda c: c.client.mark_absent(_past(c), attendee_email="past@example.com"),
    "list_org_webhooks": lambda c: c.client.list_org_webhooks(),
    "create_org_webhook": lambda c: c.client.create_org_webhook(url="http://127.0.0.1:9/hook", secret="s"),
    "update_org_webhook": _webhook_changed,
}


@pytest.mark.parametrize("name", CALLS)
def test_the_call_is_as_described(clinic: Clinic, contract: Contract, name: str) -> None:
    contract.seen.clear()
    CALLS[name](clinic)
    assert contract.seen != []


def test_every_call_of_the_client_is_held_against_the_description() -> None:
    methods = {name for name in vars(CalcomClient) if not name.startswith("_")} - {"close"}
    assert methods == set(CALLS)


def test_the_check_itself_refuses(clinic: Clinic) -> None:
    with pytest.raises(AssertionError, match="metadta"):
        clinic.client._call(
            "create_booking", "POST", "/v2/bookings", body={"start": "x", "attendee": {}, "metadta": {}}
        )
    with pytest.raises(AssertionError, match="no such operation"):
        clinic.client._call("nothing", "GET", "/v2/nothing")
