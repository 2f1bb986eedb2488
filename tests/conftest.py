from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import Settings

from accounts.models import Patient
from tests.api.calendar import FakeCalendar, Memory
from tests.cast import HospitalCast, make_hospital, make_patient


@pytest.fixture
def north(db: None) -> HospitalCast:
    return make_hospital("North", time_zone="Europe/Vienna")


@pytest.fixture
def south(db: None) -> HospitalCast:
    return make_hospital("South", time_zone="America/New_York")


@pytest.fixture
def patient(db: None) -> Patient:
    return make_patient("436601234567", "Paula Patient")


@pytest.fixture
def other_patient(db: None) -> Patient:
    return make_patient("436607654321", "Otto Other")


@pytest.fixture
def calendar(settings: Settings) -> Memory:
    """A calendar in memory, empty, in the place of Cal.com."""
    settings.BOOKING_PROVIDER = "tests.api.calendar.FakeCalendar"
    FakeCalendar.memory = Memory()
    return FakeCalendar.memory


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


_teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _teardown_past_the_audit_guard(self: TransactionTestCase) -> None:
    """Django empties tables by TRUNCATE after a test with real commits; the access log refuses that, rightly."""
    _set_audit_guard("DISABLE")
    _teardown(self)
    _set_audit_guard("ENABLE")


def _set_audit_guard(state: str) -> None:
    with connection.cursor() as cursor:
        for table in ("access_events", "audit_seals", "audit_cuts"):
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER {table}_no_truncate")


TransactionTestCase._fixture_teardown = _teardown_past_the_audit_guard  # type: ignore[attr-defined]
