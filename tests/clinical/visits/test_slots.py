from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from hospitals.models import Hospital
from tests.cast import HospitalCast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "nothing_leaves")]


def address(north: HospitalCast, query: str = "") -> str:
    return f"/api/v1/doctors/{north.doctor.pk}/slots/?{query}"


def test_slots_are_in_the_hospitals_zone(api: APIClient, north: HospitalCast) -> None:
    query = "from=2026-03-03T08:00:00Z&to=2026-03-04T08:00:00Z"
    assert api.get(address(north, query)).json() == {
        "slots": [{"start": "2026-03-03T09:00:00+01:00", "end": "2026-03-03T09:30:00+01:00"}],
        "source": "calcom",
        "as_of": "2026-03-03T09:00:00+01:00",
        "time_zone": "Europe/Vienna",
    }


def test_another_zone_can_be_asked_for(api: APIClient, north: HospitalCast) -> None:
    query = "from=2026-03-03T08:00:00Z&to=2026-03-04T08:00:00Z&time_zone=Asia/Tokyo"
    body = api.get(address(north, query)).json()
    assert (body["slots"][0]["start"], body["time_zone"]) == ("2026-03-03T17:00:00+09:00", "Asia/Tokyo")


def test_without_a_range_it_is_the_coming_week(api: APIClient, north: HospitalCast) -> None:
    assert api.get(address(north)).json()["slots"][0]["start"] == "2026-03-02T11:00:00+01:00"


def test_what_has_passed_is_left_out(api: APIClient, north: HospitalCast) -> None:
    query = "from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z"
    assert api.get(address(north, query)).json()["slots"][0]["start"] == "2026-03-02T11:00:00+01:00"


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_a_hospital_without_a_known_zone_answers_in_utc(zone: str | None, api: APIClient, north: HospitalCast) -> None:
    Hospital.objects.update(time_zone=zone)
    body = api.get(address(north)).json()
    assert (body["slots"][0]["start"], body["time_zone"]) == ("2026-03-02T10:00:00+00:00", "UTC")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("from=2026-03-03T08:00:00", "from", "invalid"),
        ("from=yesterday", "from", "invalid"),
        ("to=2026-13-01T00:00:00Z", "to", "invalid"),
        ("from=0001-01-01T00:00:00%2B23:00", "from", "invalid"),
        ("to=2026-03-02T10:00:00Z", "to", "empty_range"),
        ("from=2026-03-05T00:00:00Z&to=2026-03-04T00:00:00Z", "to", "empty_range"),
        ("from=2026-03-03T00:00:00Z&to=2026-04-04T00:00:01Z", "to", "range_too_long"),
        ("time_zone=Mars/Olympus", "time_zone", "unknown_time_zone"),
        ("time_zone=../../etc/passwd", "time_zone", "unknown_time_zone"),
        ("day=monday", "day", "unknown_field"),
    ],
)
def test_a_bad_range_is_named(api: APIClient, north: HospitalCast, query: str, field: str, code: str) -> None:
    answer = api.get(address(north, query))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


def test_a_month_in_which_clocks_are_set_back_can_be_asked_for(api: APIClient, north: HospitalCast) -> None:
    for query in (
        "from=2026-10-01T00:00:00%2B02:00&to=2026-11-01T00:00:00%2B01:00",
        "from=2026-03-03T00:00:00Z&to=2026-04-04T00:00:00Z",
    ):
        assert api.get(address(north, query)).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "from=9999-12-31T23:59:59Z",
        "from=9999-12-30T00:00:00Z&to=9999-12-31T23:59:59Z",
        "from=2027-03-03T10:00:01Z",
    ],
)
def test_beyond_the_horizon_there_are_no_times(api: APIClient, north: HospitalCast, query: str) -> None:
    answer = api.get(address(north, query))
    assert (answer.status_code, answer.json()["code"]) == (400, "too_far")


def test_a_range_ends_at_the_horizon(api: APIClient, north: HospitalCast) -> None:
    query = "from=2027-03-03T09:45:00Z&to=2027-04-01T00:00:00Z"
    assert api.get(address(north, query)).json()["slots"] == []
    query = "from=2027-03-03T09:15:00Z&to=2027-04-01T00:00:00Z"
    assert len(api.get(address(north, query)).json()["slots"]) == 1
