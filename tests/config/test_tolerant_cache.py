"""The cache holds data, never code, whoever wrote it."""

from __future__ import annotations

import datetime as dt
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from structlog.testing import capture_logs


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "text", [1, [2, "b"]], {"a": {"b": None}}])
def test_data_come_back_as_they_were(value: Any) -> None:
    cache.set("key", value)
    assert cache.get("key", "absent") == value


def test_numbers_can_be_added_to() -> None:
    cache.set("key", 7)
    assert (cache.incr("key"), cache.get("key")) == (8, 8)


@pytest.mark.parametrize("value", [dt.datetime(2026, 3, 2), {1: 2}, {"a", "b"}])
def test_what_would_come_back_as_something_else_is_not_kept(value: Any) -> None:
    with capture_logs() as logs:
        cache.set("key", value)
    assert cache.get("key", "absent") == "absent"
    assert logs == [{"event": "cache.missed", "operation": "set", "error": "TypeError", "log_level": "warning"}]


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (self.path,)


def test_a_pickle_in_redis_is_no_value_and_runs_nothing(tmp_path: Path) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client, capture_logs() as logs:
        client.set(":1:key", pickle.dumps(_Bomb(tmp_path / "ran")))
        assert cache.get("key", "absent") == "absent"
    assert not (tmp_path / "ran").exists()
    assert logs == [{"event": "cache.missed", "log_level": "warning", "operation": "get", "error": "JSONDecodeError"}]


def test_messages_to_workers_are_json_alone() -> None:
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_SERIALIZER == "json"
