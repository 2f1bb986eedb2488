from __future__ import annotations

import uuid

import pytest
from django.test import Client
from pytest_django import Settings

from tests.cast import HospitalCast
from tests.hospitals import publishing


@pytest.fixture(autouse=True)
def published(settings: Settings) -> list[uuid.UUID]:
    settings.SCHEDULE_PUBLISHER = publishing.PATH
    publishing.wanted.clear()
    return publishing.wanted


@pytest.fixture
def admin_client(north: HospitalCast) -> Client:
    """Signed in as the admin of hospital North."""
    client = Client()
    client.force_login(north.admin)
    return client
