"""Webhooks lost, doubled and in no order, over a month of bookings of every kind: the mirror heals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.bustle import Bustle
from tests.faults.harness import Stack, until
from tests.faults.mirror import assert_mirrored, forget_calls, mirror_stack, pull, settle

pytestmark = pytest.mark.slow


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with mirror_stack(tmp_path) as running:
        yield running


def look_up_all(stack: Stack) -> None:
    def is_empty() -> bool:
        forget_calls(stack)
        stack.query("UPDATE booking_lookups SET due_at = now() WHERE due_at > now()")
        stack.sweep("look_up_bookings")
        return stack.query("SELECT count(*) FROM booking_lookups") == [(0,)]

    until(is_empty, every=1)


def test_loss_duplicates_and_disorder_over_two_thousand_bookings(stack: Stack) -> None:
    stack.control("PUT", "faults", {"webhooks": {"loss": 0.2, "duplicate": 0.2, "shuffle": 10_000}})
    with closing(Bustle(stack, seed=4)) as bustle:
        bustle.book(1800)
    stack.control("PUT", "faults", {})
    settle(stack)
    look_up_all(stack)
    pull(stack)
    look_up_all(stack)
    assert_mirrored(stack)
    pull(stack)
    assert stack.query("SELECT DISTINCT repaired FROM sync_runs") == [({},)]
    assert stack.query("SELECT count(*) FROM sync_drifts") == [(0,)]
