from __future__ import annotations

import uuid

import pytest


@pytest.fixture(autouse=True)
def _published(published: list[uuid.UUID]) -> None:
    """No test of the portal as a whole publishes hours."""
