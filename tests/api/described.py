"""A client that takes no answer of the patient API but those which `docs/openapi.yaml` describes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import yaml
from django.conf import settings
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from rest_framework.test import APIClient

PROBLEM = "application/problem+json"


@functools.cache
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((settings.BASE_DIR / "docs" / "openapi.yaml").read_text(), yaml.CSafeLoader)
    return loaded


@functools.cache
def _addresses() -> list[tuple[re.Pattern[str], str]]:
    # A fixed part before a changing one: `requests/` is no id.
    paths = sorted(description()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@functools.cache
def _shape(path: str, method: str, status: str, kind: str) -> Validator:
    media = description()["paths"][path][method]["responses"][status]["content"][kind]
    return Draft202012Validator({**media["schema"], "components": description()["components"]})


def problem_codes() -> Iterator[tuple[int, str]]:
    """Status and code of all refusals that some operation describes."""
    for operations in description()["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status == "default":
                    continue
                for code in answer.get("content", {}).get(PROBLEM, {}).get("examples", ()):
                    yield int(status), code


def check_described(method: str, address: str, answer: Any) -> None:
    path = next((path for pattern, path in _addresses() if pattern.fullmatch(urlsplit(address).path)), None)
    operation = description()["paths"].get(path, {}).get(method.lower())
    if path is None or operation is None:
        return
    status, kind = str(answer.status_code), answer.headers.get("Content-Type", "")
    assert status in operation["responses"], f"{method} {path} is not described to answer {status}"
    described = operation["responses"][status]
    if not answer.content:
        assert "content" not in described, f"{method} {path} {status} has no body"
        return
    assert kind in described.get("content", {}), f"{method} {path} {status} is not described to be {kind!r}"
    document = answer.json()
    _shape(path, method.lower(), status, kind).validate(document)
    if kind == PROBLEM:
        codes = described["content"][kind]["examples"]
        assert document["code"] in codes, f"{method} {path} {status} is not described to say {document['code']}"


class DescribedClient(APIClient):
    def request(self, **kwargs: Any) -> Any:
        answer = super().request(**kwargs)
        if not answer.has_header("Content-Encoding") and not answer.streaming:
            check_described(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], answer)
        return answer
