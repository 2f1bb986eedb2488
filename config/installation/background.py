"""Redis, workers, beat, and the queues they work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit

import redis
from django.conf import settings

from config import health, heartbeats
from config.installation.database import database_now
from config.installation.registry import Finding, broken, check, ok, warning
from integrations.queues import queue_states

RUN_AGAIN = "Start it again, and see its log."


@check("redis", needs_database=False, is_quick=True)
def redis_state() -> Iterator[Finding]:
    state = health.ask_redis()["redis"]
    if state != health.OK:
        yield broken(
            f"Redis: {state}. Work waits for the next sweep that gets through.",
            "See REDIS_URL and the server's memory.",
        )
        return
    yield ok("Redis answers and takes writes.")
    if not urlsplit(settings.REDIS_URL).password and not settings.REDIS_URL.startswith("unix:"):
        yield warning("Redis has no password.", "Set one (`requirepass`) and put it into REDIS_URL.")
    yield from _eviction()


def _eviction() -> Iterator[Finding]:
    seconds = health.REDIS_SECONDS
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds) as client:
            policy = client.config_get("maxmemory-policy")["maxmemory-policy"]
    except (redis.RedisError, KeyError):
        yield warning("Redis does not say what it does when it is full.", "Make sure that it is not `allkeys-..`.")
        return
    if policy.startswith("allkeys-"):
        yield warning(
            f"Redis throws away messages to workers when it is full (maxmemory-policy {policy}).",
            "Set maxmemory-policy to volatile-lru: only cached answers are then thrown away.",
        )


@check("workers", is_quick=True)
def workers() -> Iterator[Finding]:
    processes = heartbeats.processes()
    alive = {served for process in processes if process.is_alive for served in process.serves}
    for queue in settings.CELERY_TASK_QUEUES:
        if queue not in alive:
            yield broken(f"No worker serves the queue {queue}.", RUN_AGAIN)
    if heartbeats.BEAT not in alive:
        yield broken("Beat is not at work: nothing is swept, reminded or pulled.", RUN_AGAIN)
    for process in processes:
        if not process.is_alive:
            yield warning(_silent(process))
    number = sum(process.is_alive for process in processes)
    if number:
        yield ok(f"{number} background processes are at work.")


def _silent(process: heartbeats.Process) -> str:
    if process.age < dt.timedelta(0):
        return f"The last heartbeat of {process.node} is ahead of the database's clock, which was set back."
    return f"{process.node} was last at work {process.age.total_seconds():.0f} s ago and did not end in order."


@check("queues", is_quick=True)
def queues() -> Iterator[Finding]:
    states = queue_states(at=database_now())
    for state in states:
        if state.is_ahead:
            yield broken(f"The queue {state.name} holds work from the future: a clock was ahead.", "See `clock`.")
        elif state.is_late:
            seconds = f"{state.age.total_seconds():.0f} s"
            yield broken(
                f"The oldest of {state.waiting} in the queue {state.name} has waited {seconds}.",
                "See `workers`, and the log of the worker that serves it.",
            )
    if all(state.is_fine for state in states):
        yield ok(f"{sum(state.waiting for state in states)} wait in the queues, none for too long.")
