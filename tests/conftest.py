from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.messages.local_senders import MemorySms
from accounts.models import Patient
from tests.api.assistant import FakeAssistant
from tests.api.assistant import Memory as AssistantMemory
from tests.api.calendar import FakeCalendar, Memory
from tests.api.described import DescribedClient
from tests.api.records import NOW, sign_in
from tests.cast import HospitalCast, make_hospital, make_patient
from tests.hospitals import publishing
from tests.plugins.in_turn import files_in_turn
from tests.plugins.services import TEMPLATE
from tests.plugins.simulators import simulator, vapi_process

__all__ = ["simulator", "vapi_process"]


# After the tests that are not asked for are left out.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("loadscopereorder", default=True):
        items[:] = files_in_turn(items)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The tests' databases begin as copies of a migrated one; what a migration may lack there, Django adds."""
    if TEMPLATE in os.environ:
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = os.environ[TEMPLATE]


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """Connections of pools stand in the way of dropping a database, and ours ends with its server anyway."""
    return django_db_keepdb or TEMPLATE in os.environ or bool(os.environ.get("DATABASE_POOLED"))


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller]:
    """Stands still at the NOW of the module, or at that of the API's tests."""
    with time_machine.travel(getattr(request.module, "NOW", NOW), tick=False) as traveller:
        yield traveller


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


@pytest.fixture
def assistant(settings: Settings) -> AssistantMemory:
    settings.CHAT_ASSISTANT = "tests.api.assistant.FakeAssistant"
    FakeAssistant.memory = AssistantMemory()
    return FakeAssistant.memory


@pytest.fixture
def nothing_leaves(calendar: Memory) -> None:
    """No call to a calendar, and no SMS of an earlier test."""
    MemorySms.sent.clear()


@pytest.fixture
def anyone() -> APIClient:
    return DescribedClient()


@pytest.fixture
def api(patient: Patient) -> APIClient:
    return sign_in(patient)


@pytest.fixture
def other_api(other_patient: Patient) -> APIClient:
    return sign_in(other_patient)


@pytest.fixture
def published(settings: Settings) -> list[uuid.UUID]:
    """The doctors whose hours somebody asked to publish, in order."""
    settings.SCHEDULE_PUBLISHER = publishing.PATH
    publishing.wanted.clear()
    return publishing.wanted


@pytest.fixture
def admin_client(north: HospitalCast) -> Client:
    """Signed in as the admin of hospital North."""
    client = Client()
    client.force_login(north.admin)
    return client


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


# What Django would write anew after emptying everything: it stays.
KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")
# No trigger runs meanwhile: the access log refuses to be emptied, rightly. TRUNCATE of all tables took much longer.
EMPTY_TABLES = """
SET session_replication_role = replica;
DO $$
DECLARE
  found regclass;
BEGIN
  FOR found IN
    SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN {kept}
  LOOP
    EXECUTE format('DELETE FROM %s', found);
  END LOOP;
END $$;
SET session_replication_role = DEFAULT;
"""


def _empty_tables(_test: TransactionTestCase) -> None:
    """After a test with real commits, in the place of Django's TRUNCATE."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_TABLES.format(kept=KEPT_TABLES))


TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]
