"""The standing check names what in the live Cal.com is not as we rely on, and is shown to the operator."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pydantic import JsonValue
from pytest_django import Settings

from accounts.models import User
from hospitals.models import DoctorAvailability
from integrations.calcom.setup.contract_check import check_contract, check_contract_if_due, differences_of
from integrations.calcom.setup.subscription import ensure_subscription
from integrations.figures import health_figures, mirror_figures
from integrations.models import CalLink, ContractCheck
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import TEAM_ID, call, control, next_call
from tests.integrations.calcom.conftest import Connected

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
ORG = "/v2/organizations/1"
VIENNA = ZoneInfo("Europe/Vienna")
ALL_WELL = (
    "Our key: ok",
    "Users: ok",
    "Schedules: ok",
    "API version: ok",
    "Bookings: ok",
    "Our event types: ok",
    "Our subscription: ok",
    "Free times: ok",
)


@pytest.fixture
def whole(connected: Connected) -> Connected:
    """With everything there is to look at: hours on every day, a booking, our subscription."""
    DoctorAvailability.objects.bulk_create(
        DoctorAvailability(doctor=connected.doctor, day_of_week=day, start_time="09:00", end_time="12:00")
        for day in range(2, 8)
    )
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    window: JsonValue = {"days": list(days), "startTime": "09:00", "endTime": "12:00"}
    path = f"{ORG}/users/{connected.link.cal_user_id}/schedules/{connected.link.cal_schedule_id}"
    assert call(connected.simulator, "PATCH", path, {"availability": [window]}).ok
    row: JsonValue = {"uid": "a", "eventTypeId": connected.link.cal_event_type_id, "start": "2026-12-07T09:00:00Z"}
    assert isinstance(row, dict)
    person: JsonValue = {"name": "Gerda Guest", "phoneNumber": "+436609999999"}
    control(connected.simulator, "POST", "bookings", [row | {"attendee": person}])
    ensure_subscription(connected.client)
    return connected


def check() -> tuple[list[str], str]:
    """What the command prints, and why it fails."""
    said = StringIO()
    try:
        call_command("calcom_check", stdout=said)
    except CommandError as error:
        return said.getvalue().splitlines(), str(error)
    return said.getvalue().splitlines(), ""


def lie(connected: Connected, match: str, **says: JsonValue) -> None:
    next_call(connected.simulator, match, "lie", says=says)


def test_all_is_as_we_rely_on(whole: Connected) -> None:
    assert check() == (list(ALL_WELL), "")


def test_nothing_there_is_said_and_is_no_difference(connected: Connected) -> None:
    ensure_subscription(connected.client)
    connected.link.delete()
    lines, failure = check()
    assert failure == ""
    nothing = ": not checked: there is nothing to look at yet"
    assert [line for line in lines if line.endswith(nothing)] == [
        f"{name}{nothing}" for name in ("Bookings", "Our event types", "Free times")
    ]


@pytest.mark.parametrize(
    ("match", "says", "line"),
    [
        ("GET /v2/me", {"organizationId": 9}, "Our key: the key belongs to organisation 9, not to ours"),
        (f"GET {ORG}/users", {"timeZone": None}, "Users: the field timeZone is missing"),
        (f"GET {ORG}/schedules", {"startTime": None}, "Schedules: the field availability[].startTime is missing"),
        (f"GET {ORG}/schedules", {"id": "x"}, "Schedules: the field id cannot be read"),
        (f"GET {ORG}/bookings", {"updatedAt": None}, "Bookings: the field updatedAt is missing"),
        (f"GET {ORG}/bookings", {"absent": None}, "Bookings: the field attendees[].absent is missing"),
        (f"GET {ORG}/bookings", {"pagination": None}, ""),
        (
            f"GET {ORG}/bookings",
            {"status": "waitlisted"},
            "Bookings: there is a status that we do not know: waitlisted",
        ),
        ("GET /v2/bookings/a", {"end": None}, "Bookings: the field end is missing"),
        (
            "GET /v2/bookings",
            {"data": {"bookings": []}},
            "API version: the answer has another shape: this version of the API may be gone",
        ),
        (f"GET {ORG}/teams/*", {"bookingFields": None}, "Our event types: the field bookingFields is missing"),
        ("GET /v2/slots", {"end": None}, "Free times: the field start or end cannot be read"),
        ("GET /v2/slots", {"data": []}, None),
    ],
)
def test_a_vendor_that_answers_otherwise_is_found_out(
    whole: Connected, match: str, says: dict[str, JsonValue], line: str | None
) -> None:
    lie(whole, match, **says)
    lines, failure = check()
    if line is None:
        line = "Free times: the answer has another shape: this version of the API may be gone"
    elif not line:
        missing = (f"the field pagination.{one} is missing" for one in ("totalItems", "returnedItems", "hasNextPage"))
        line = "Bookings: " + "; ".join(missing)
    assert [one for one in lines if one not in ALL_WELL] == [line]
    assert failure == "1 of 8 differ."


def test_a_version_that_is_gone(whole: Connected) -> None:
    next_call(whole.simulator, "GET /v2/bookings", "html")
    lines, failure = check()
    assert "API version: no answer that can be read (list_bookings)" in lines
    assert failure == "1 of 8 differ."


def test_settings_of_our_event_types(whole: Connected) -> None:
    path = f"{ORG}/teams/{TEAM_ID}/event-types/{whole.link.cal_event_type_id}"
    assert call(whole.simulator, "PATCH", path, {"hidden": True, "lengthInMinutes": 45}).ok
    settings = f"not as we set it: event type {whole.link.cal_event_type_id}: lengthInMinutes, hidden"
    assert f"Our event types: {settings}" in check()[0]
    lie(whole, f"GET {ORG}/teams/*", bookingFields=[{"type": "email", "required": True}])
    assert "bookingFields" in check()[0][5]
    assert call(whole.simulator, "DELETE", path).ok
    assert check()[0][5] == f"Our event types: event type {whole.link.cal_event_type_id} is gone"


def test_an_event_type_that_we_hid_is_as_it_should_be(whole: Connected) -> None:
    """That of a doctor who is deactivated."""
    path = f"{ORG}/teams/{TEAM_ID}/event-types/{whole.link.cal_event_type_id}"
    User.objects.filter(pk=whole.doctor.pk).update(is_active=False)
    CalLink.objects.update(pushed_hidden=True)
    assert call(whole.simulator, "PATCH", path, {"hidden": True}).ok
    assert check()[0][5] == "Our event types: ok"


def test_an_event_type_that_is_about_to_be_changed_is_left_out(whole: Connected) -> None:
    hospital = whole.doctor.hospital
    hospital.visit_length_minutes = 60
    hospital.save()
    assert check()[0][5] == "Our event types: not checked: there is nothing to look at yet"


def test_the_subscription(whole: Connected) -> None:
    (one,) = whole.client.list_org_webhooks()
    assert call(whole.simulator, "PATCH", f"{ORG}/webhooks/{one.id}", {"active": False}).ok
    assert check()[0][6] == "Our subscription: The subscription is switched off: nothing is sent to us."


def test_free_times_that_depend_on_who_asks(whole: Connected) -> None:
    # The first of the two questions is answered with one time alone, in the right zone and in another.
    tomorrow = timezone.now().astimezone(VIENNA).date() + dt.timedelta(days=1)
    texts = (
        (VIENNA, "other times are offered when asked in another zone (Europe/Vienna, Asia/Kathmandu)"),
        (dt.UTC, "the times are not in the zone that was asked for (Europe/Vienna)"),
    )
    for zone, text in texts:
        start = dt.datetime.combine(tomorrow, dt.time(8), zone)
        row: JsonValue = {"start": start.isoformat(), "end": (start + dt.timedelta(minutes=30)).isoformat()}
        lie(whole, "GET /v2/slots", data={tomorrow.isoformat(): [row]})
        assert check()[0][7] == f"Free times: {text}"


@pytest.mark.parametrize(
    ("permissions", "key", "code", "text"),
    [
        ({"adminApi": False}, None, "calcom_admin_api", "Cal.com has not switched on the Admin API"),
        ({}, "revoked", "calcom_key", "Our key does not open Cal.com any more."),
    ],
)
def test_the_portal_tells_a_missing_admin_api_from_a_revoked_key(
    whole: Connected,
    operator: User,
    settings: Settings,
    permissions: dict[str, JsonValue],
    key: str | None,
    code: str,
    text: str,
) -> None:
    control(whole.simulator, "PUT", "permissions", permissions)
    settings.CALCOM_API_KEY = key or settings.CALCOM_API_KEY
    lines, failure = check()
    assert (lines, failure.startswith(f"Cal.com could not be checked. {text}")) == ([], True)
    assert ContractCheck.objects.get().error == code
    figures = health_figures(operator, at=timezone.now())
    assert (figures.key_problem.startswith(text), figures.is_fine) == (True, False)
    assert text in home(operator)


def test_when_it_is_due(whole: Connected) -> None:
    hour = dt.timedelta(hours=1)
    assert check_contract_if_due(at=NOW) is not None
    assert check_contract_if_due(at=NOW + 23 * hour) is None
    lie(whole, f"GET {ORG}/users", timeZone=None)
    differing = check_contract_if_due(at=NOW + 24 * hour)
    assert differing is not None
    assert [one.subject for one in differences_of(differing)] == ["users"]
    assert check_contract_if_due(at=NOW + 24 * hour + hour / 2) is None
    next_call(whole.simulator, "GET /v2/me", "500")
    failed = check_contract_if_due(at=NOW + 25 * hour)
    assert failed is not None
    assert (failed.error, failed.findings) == ("calcom_unavailable", [])
    again = check_contract_if_due(at=NOW + 26 * hour)
    assert again is not None
    assert (again.error, differences_of(again)) == (None, [])


def test_the_portal_shows_what_differs_and_how_old_it_is(whole: Connected, operator: User, north: HospitalCast) -> None:
    never = home(operator)
    assert "Last check that Cal.com works as expected" in never
    now = timezone.now()
    lie(whole, f"GET {ORG}/users", timeZone=None)
    check_contract(at=now)
    figures = health_figures(operator, at=now)
    assert figures.contract is not None
    assert [(one.name, one.text) for one in figures.contract.differences] == [
        ("Users", "the field timeZone is missing")
    ]
    assert not figures.is_fine
    assert "the field timeZone is missing" in home(operator)
    assert metric() == 1
    # Hospitals can do nothing about it.
    assert "the field timeZone is missing" not in home(north.admin)
    check_contract(at=now)
    assert "all as expected" in home(operator)
    assert metric() == 0
    with time_machine.travel(now + dt.timedelta(days=3), tick=False):
        stale = health_figures(operator, at=timezone.now()).contract
        assert stale is not None
        assert (stale.is_stale, stale.is_fine) == (True, False)
        assert metric() == 1


def metric() -> float:
    figures = {one.name: one for one in mirror_figures(at=timezone.now())}
    value: float = figures["wardbook_calcom_contract_differences"].samples[0].value
    return value


def home(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get("/admin/").content.decode()
