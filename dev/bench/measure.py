"""Checks every address first, then measures them in turn, round after round: what drifts, drifts for all alike.

What is compared stands side by side in each round: first the textbook's view, then the bare one, then ours, each in the
small and the large database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import requests

from dev.bench import wrk
from dev.bench.rows import OURS, WEBHOOKS_A_RUN, Row, WrongAnswer, signed_webhooks
from dev.bench.subjects import Subjects

TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Target:
    """A row at a server whose database has `appointments` visits."""

    row: Row
    base: str
    database: str
    appointments: int
    subjects: Subjects
    runs: list[wrk.Run] = field(default_factory=list)

    @property
    def url(self) -> str:
        s = self.subjects
        filled = self.row.path.format(
            appointment_id=s.appointment_id, patient_id=s.patient_id, doctor_date=s.doctor_date
        )
        return self.base + filled


def check(target: Target) -> None:
    """Raises: WrongAnswer"""
    if target.row.inserts:
        return _check_insert(target)
    answer = requests.get(
        target.url, headers=target.row.headers(target.subjects), timeout=TIMEOUT_SECONDS, allow_redirects=False
    )
    if answer.status_code != 200:
        raise WrongAnswer(f"{target.row.name}: status {answer.status_code} instead of 200")
    if not target.row.check(answer.content, target.subjects):
        raise WrongAnswer(f"{target.row.name}: the answer does not hold what it must")


def _check_insert(target: Target) -> None:
    """The first is stored, the second is not stored again, a forged one is refused."""
    _forget_webhooks(target)
    (signature, body), *_ = signed_webhooks(target.subjects.webhook_secret, 1)
    statuses = []
    for given in (signature, signature, "0" * 64):
        headers = {"X-Cal-Signature-256": given, "Content-Type": "application/json"}
        statuses.append(requests.post(target.url, data=body, headers=headers, timeout=TIMEOUT_SECONDS).status_code)
    if statuses != [200, 200, 401]:
        raise WrongAnswer(f"{target.row.name}: statuses {statuses} instead of [200, 200, 401]")
    if _stored(target) != 1:
        raise WrongAnswer(f"{target.row.name}: {_stored(target)} rows stored instead of 1")


def measure(
    targets: Sequence[Target], *, rounds: int, seconds: float, connections: int, say: Callable[[str], None]
) -> None:
    """Raises: WrongAnswer"""
    in_turn = sorted(targets, key=_place)
    for target in in_turn:
        _load(target, seconds=1, connections=connections)  # connections, plans and caches
    for number in range(1, rounds + 1):
        say(f"Round {number} of {rounds}")
        for target in in_turn:
            target.runs.append(_run(target, seconds=seconds, connections=connections))


def _place(target: Target) -> tuple[int, int, int]:
    """By the address of ours that it is compared with, then which of the three it is, then the database's size."""
    name = target.row.name
    for number, row in enumerate(OURS):
        for place, one in enumerate((row.textbook, row.floor, row.name)):
            if one == name:
                return number, place, target.appointments
    return -1, 0, target.appointments


def _run(target: Target, *, seconds: float, connections: int) -> wrk.Run:
    run = _load(target, seconds=seconds, connections=connections)
    if not run.rate:
        raise WrongAnswer(
            f"{target.row.name}: nothing was answered within {seconds:g} s; a slow machine takes --seconds"
        )
    return run


def _load(target: Target, *, seconds: float, connections: int) -> wrk.Run:
    messages: Sequence[tuple[str, str]] = ()
    if target.row.inserts:
        _forget_webhooks(target)
        messages = signed_webhooks(target.subjects.webhook_secret, WEBHOOKS_A_RUN)
    run = wrk.run(
        target.url,
        headers=target.row.headers(target.subjects),
        messages=messages,
        seconds=seconds,
        connections=target.row.connections or connections,
    )
    if run.wrong:
        raise WrongAnswer(f"{target.row.name}: {run.wrong} wrong answers under load")
    return run


def _forget_webhooks(target: Target) -> None:
    with psycopg.connect(target.database, autocommit=True) as connection:
        connection.execute("TRUNCATE cal_webhooks")


def _stored(target: Target) -> int:
    with psycopg.connect(target.database) as connection:
        row = connection.execute("SELECT count(*) FROM cal_webhooks").fetchone()
    return int(row[0]) if row else 0
