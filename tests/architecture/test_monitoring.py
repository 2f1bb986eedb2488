"""Alarms and dashboard: each expression is PromQL, each metric exists, each alarm says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.test import Client
from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
DOCS = ROOT / "docs" / "operations" / "monitoring.md"
METRIC = re.compile(r"\bwardbook_\w+")
SEVERITIES = {"page", "ticket"}


def alarms() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "prometheus-rules.yaml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "grafana-dashboard.json").read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alarms())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def exposed(settings: Settings, tmp_path: Path, db: None) -> set[str]:
    """Names of all series that `/metrics` may hold; workers count with the same code."""
    settings.BACKUP_STAMP = str(tmp_path)
    text = Client().get("/metrics").content.decode()
    kinds = dict(re.findall(r"^# TYPE (wardbook_\w+) (\w+)$", text, re.MULTILINE))
    parts = {f"{name}{end}" for name, kind in kinds.items() if kind == "histogram" for end in ("_bucket", "_count")}
    return set(kinds) | parts


def test_each_expression_is_promql() -> None:
    for expression in expressions():
        promql_parser.parse(expression)


def test_each_metric_exists(exposed: set[str]) -> None:
    used = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert used - exposed == set()
    assert len(used) > 20


def test_the_docs_name_metrics_that_exist(exposed: set[str]) -> None:
    named = {name for name in METRIC.findall(DOCS.read_text()) if not name.endswith("_")}
    assert named - exposed == set()


def test_each_alarm_is_whole_and_says_what_to_do() -> None:
    names = [rule["alert"] for rule in alarms()]
    assert len(names) == len(set(names))
    for rule in alarms():
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"]["summary"].endswith(".")
    assert re.findall(r"^### (Wardbook\w+)$", DOCS.read_text(), re.MULTILINE) == names
