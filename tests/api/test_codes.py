"""The stable codes: the page for app builders, the description and the source name the same ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.urls import get_resolver

from clinical.ports import CALENDAR_REFUSALS
from core.api import errors
from core.api.problems import PROBLEMS
from core.refusals import Refused
from tests.api.described import problem_codes

CALENDAR = Path(settings.BASE_DIR) / "integrations" / "calcom" / "bookings"
# A method that an address does not have is described nowhere, and every address answers so; `default` is the rest.
OF_NO_OPERATION = {(405, "method_not_allowed"), (500, "server_error")}


def _told() -> Iterator[tuple[int, str]]:
    """Status and code of each row of the tables in `docs/api.md`; one row may have several, in the same order."""
    for row in re.findall(
        r"^\| ([\d, ]+) \| (`.+?`) \|", (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(), re.M
    ):
        statuses, codes = [int(one) for one in row[0].split(",")], re.findall(r"`(\w+)`", row[1])
        yield from zip(statuses * len(codes) if len(statuses) == 1 else statuses, codes, strict=False)


def _refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    for one in kind.__subclasses__():
        yield one
        yield from _refusals(one)


def test_the_page_for_app_builders_lists_every_code_and_no_other() -> None:
    told = list(_told())
    assert set(told) == set(problem_codes()) | OF_NO_OPERATION
    assert len(told) == len(set(told))


def test_every_problem_has_its_page_and_is_described() -> None:
    assert {(one.status, one.code) for one in PROBLEMS.values()} == set(problem_codes()) | OF_NO_OPERATION


def test_every_code_that_is_described_is_one_of_the_source() -> None:
    get_resolver().url_patterns  # noqa: B018  (imports every module that refuses)
    framework = {code for status, code in errors._CODES.items()} | {"invalid", "invalid_token", "invalid_cursor"}
    known = framework | {one.code for one in _refusals()} | set(CALENDAR_REFUSALS)
    assert {code for _, code in problem_codes()} <= known


def test_the_worker_refuses_with_the_codes_of_the_api_alone() -> None:
    said = set()
    calls = (call for name in ("calls.py", "worker.py") for call in ast.walk(ast.parse((CALENDAR / name).read_text())))
    for call in calls:
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"_resolve", "Impossible"}:
            given = [*call.args, *(one.value for one in call.keywords)]
            said |= {one.value for one in given if isinstance(one, ast.Constant)}
        elif isinstance(call, ast.FunctionDef) and call.name == "_refusal_code":
            given = [one.value for one in ast.walk(call) if isinstance(one, ast.Return) and one.value]
            said |= {leaf.value for one in given for leaf in ast.walk(one) if isinstance(leaf, ast.Constant)}
    assert said - {None} == set(CALENDAR_REFUSALS)
