"""How soon a web server answers after its start, and what its workers hold in memory after the load."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
import requests

from config.bench.rows import WrongAnswer
from config.bench.servers import READY_SECONDS
from config.embedded.server import Server

STARTS = 5
MOST_FIRST_SECONDS, MOST_RESIDENT_MB = 2.0, 120
POLL_SECONDS = 0.01


@dataclass(slots=True)
class WebWorkers:
    """Of each start, seconds until the first 200; of each worker, resident megabytes after the API's load and last."""

    health_seconds: list[float] = field(default_factory=list)
    api_seconds: list[float] = field(default_factory=list)
    after_api_mb: list[float] = field(default_factory=list)
    after_all_mb: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        made = []
        if self.api_seconds:
            health, api = statistics.median(self.health_seconds), statistics.median(self.api_seconds)
            made.append(
                f"First answer after a web server's start: /healthz {health:.2f} s, the API {api:.2f} s "
                f"({_verdict(max(health, api) <= MOST_FIRST_SECONDS)}, at most {MOST_FIRST_SECONDS:g} s)"
            )
        for when, held in (("after the API's load", self.after_api_mb), ("at the end", self.after_all_mb)):
            if held:
                made.append(
                    f"Resident memory of the largest web worker {when}: {max(held):.0f} MB "
                    f"({_verdict(max(held) < MOST_RESIDENT_MB)}, under {MOST_RESIDENT_MB} MB)"
                )
        return made


def first_answer(url: str, headers: dict[str, str], *, began: float) -> float:
    """Seconds from `began`, a reading of the monotonic clock, until the address answers 200.

    Raises: WrongAnswer
    """
    while time.monotonic() - began < READY_SECONDS:
        try:
            answer = requests.get(url, headers=headers, timeout=READY_SECONDS)
        except requests.ConnectionError:
            time.sleep(POLL_SECONDS)
            continue
        if answer.status_code != 200:
            raise WrongAnswer(f"first answer of {url}: status {answer.status_code} instead of 200")
        return time.monotonic() - began
    raise WrongAnswer(f"{url}: no answer within {READY_SECONDS} s of the start")


def resident_mb(server: Server) -> Sequence[float]:
    """Of each worker: the processes that have none below them."""
    below = psutil.Process(server.process.pid).children(recursive=True)
    return [one.memory_info().rss / 1024 / 1024 for one in below if not one.children() and _is_worker(one)]


def _is_worker(process: psutil.Process) -> bool:
    # Python's own helper of the multiprocessing module is a child of the server too.
    return "resource_tracker" not in " ".join(process.cmdline())


def _verdict(holds: bool) -> str:
    return "holds" if holds else "MISSED"
