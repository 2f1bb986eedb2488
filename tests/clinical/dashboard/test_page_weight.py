"""What the doctor's pages weigh over the wire, on a first visit with nothing in the browser, and on a poll."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from pathlib import Path

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from hospitals.models import DoctorAvailability
from tests.cast import HospitalCast
from tests.clinical.agenda.test_doctor_views import DAY_QUERIES, POLL, fill_day
from tests.clinical.conftest import SignedIn

# Monday, 8:00 in Vienna.
NOW = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
# More than a doctor sees.
VISITS_A_DAY = 25
FIRST_LOAD_BYTES = 120_000
QUIET_POLL_BYTES = 5_000
MOST_QUERIES = 8
PAGES = ("/staff/doctor/", "/staff/doctor/week/", "/staff/doctor/patients/?q=patient")
# The browser's own words of a request and an answer, about.
HEADERS_BYTES = 1_000


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    with time_machine.travel(NOW, tick=False):
        fill_day(north, VISITS_A_DAY)
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=1, start_time=dt.time(8), end_time=dt.time(22)
        )
        return signed_in(north.doctor.user)


def weight(answer: HttpResponseBase) -> int:
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer.items())
    return headers + len(answer.content)  # type: ignore[attr-defined]  # none of these pages streams


def asset_weights(html: str) -> dict[str, int]:
    """What a browser loads for this page, as a web server sends it."""
    named = re.findall(r'(?:src|<link[^>]*href)="/static/([^"]+)"', html)
    found = {name: finders.find(name) for name in named}
    missing = [name for name, path in found.items() if not path]
    assert missing == [], "run `make install`"
    return {name: len(gzip.compress(Path(str(path)).read_bytes())) + HEADERS_BYTES for name, path in found.items()}


@pytest.mark.parametrize("address", PAGES)
@time_machine.travel(NOW, tick=False)
def test_a_first_load_is_light(address: str, browser: Client) -> None:
    page = browser.get(address, headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assets = asset_weights(gzip.decompress(page.content).decode())
    assert {"build/staff.css", "staff/icon.svg"} <= set(assets)
    assert weight(page) + sum(assets.values()) < FIRST_LOAD_BYTES


@pytest.mark.parametrize("address", ["/staff/doctor/day/2026-03-02/", "/staff/doctor/week/2026-03-02/"])
@time_machine.travel(NOW, tick=False)
def test_a_poll_that_changed_nothing_is_next_to_nothing(
    address: str, browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    headers = {**POLL, "Accept-Encoding": "gzip"}
    etag = browser.get(address, headers=headers).headers["ETag"]
    with django_assert_max_num_queries(MOST_QUERIES):
        quiet = browser.get(address, headers={**headers, "If-None-Match": etag})
    assert (quiet.status_code, quiet.content) == (304, b"")
    assert weight(quiet) + HEADERS_BYTES < QUIET_POLL_BYTES


def test_the_day_is_within_its_queries() -> None:
    assert DAY_QUERIES <= MOST_QUERIES
