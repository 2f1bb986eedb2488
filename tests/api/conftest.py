from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _nothing_leaves(nothing_leaves: None) -> None:
    """No test of the API as a whole speaks to a calendar."""
