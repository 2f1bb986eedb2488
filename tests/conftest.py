from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts.models import Patient
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


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
