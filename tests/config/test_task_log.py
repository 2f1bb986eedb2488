from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from prometheus_client import REGISTRY

from core.request_ids import current_request_id

GIVEN = "0123abcd-0123-0123"


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> tuple[Any, list[str]]:
    """A task, and the ids it ran under."""
    ids: list[str] = []
    app = Celery("test", set_as_current=False)

    def look(fails: bool = False) -> None:
        ids.append(current_request_id())
        if fails:
            raise ValueError

    return app.task(look, name=f"test.{request.node.name}", shared=False), ids


def test_a_task_runs_under_the_id_of_the_request_that_woke_it(seen: tuple[Any, list[str]]) -> None:
    look, ids = seen
    look.apply(headers={"request_id": GIVEN})
    look.apply()
    assert ids[0] == GIVEN
    assert len(ids[1]) == 32
    assert current_request_id() == ""


def test_tasks_are_counted_by_name_and_outcome(seen: tuple[Any, list[str]]) -> None:
    look, _ = seen
    name = look.name.removeprefix("test.")
    for fails in (False, True, True):
        look.apply(kwargs={"fails": fails})
    outcomes = {
        one: REGISTRY.get_sample_value("wardbook_tasks_total", {"task": name, "outcome": one})
        for one in ("success", "failure")
    }
    assert outcomes == {"success": 1, "failure": 2}
    assert REGISTRY.get_sample_value("wardbook_task_seconds_count", {"task": name}) == 3
