from __future__ import annotations

import uuid

import pytest
from pytest_django import Settings

from tests.hospitals import publishing


@pytest.fixture
def published(settings: Settings) -> list[uuid.UUID]:
    """The doctors whose hours somebody asked to publish, in order."""
    settings.SCHEDULE_PUBLISHER = publishing.PATH
    publishing.wanted.clear()
    return publishing.wanted
