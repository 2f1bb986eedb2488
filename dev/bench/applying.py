"""`python -m dev.bench.applying`: one worker applies what is stored; PostgreSQL alone repeats its writes.

Batch by batch in turn, so that whatever else the machine does falls on both. The second database is a copy of the
first as it was, and gets the very statements that wrote to the first: the same rows, triggers and history, no Python.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(slots=True)
class Applying:
    """Seconds over all batches, the batches' own rates, and the memory held after each tenth."""

    events: int = 0
    seconds: float = 0.0
    bare_seconds: float = 0.0
    memory_mb: list[float] = field(default_factory=list)


def run(copy: str, events: int) -> Applying:
    from django.db import connection
    from django.utils import timezone

    from integrations.calcom.inbound.processing import BATCH, process_webhooks

    done = Applying()
    writes: list[tuple[str, Any]] = []

    def remember(execute: Callable[..., Any], statement: str, params: Any, many: bool, context: Any) -> Any:
        if statement.startswith(WRITES):
            writes.append((statement, params))
        return execute(statement, params, many, context)

    with (
        psycopg.connect(copy, cursor_factory=psycopg.ClientCursor, prepare_threshold=None) as bare,
        connection.execute_wrapper(remember),
    ):
        claimed = BATCH
        while claimed == BATCH:
            writes.clear()
            began = time.perf_counter()
            claimed = process_webhooks(at=timezone.now())
            done.seconds += time.perf_counter() - began
            began = time.perf_counter()
            for statement, params in writes:
                bare.execute(statement, params)
            bare.commit()
            done.bare_seconds += time.perf_counter() - began
            done.events += claimed
            if done.events * 10 // events > len(done.memory_mb):
                done.memory_mb.append(_memory_mb())
    return done


def _memory_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("copy", help="address of the second database")
    parser.add_argument("events", type=int)
    options = parser.parse_args()

    import logging

    import django

    django.setup()
    logging.disable(logging.INFO)
    json.dump(asdict(run(options.copy, options.events)), sys.stdout)


if __name__ == "__main__":
    main()
