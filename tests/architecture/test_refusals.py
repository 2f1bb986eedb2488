from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

import pytest

import accounts
import clinical
import config
import core
import hospitals
import integrations
from core.api.errors import problem_response
from core.refusals import NotFound, NotPermitted, Refused, TooOften

APPS = [core, accounts, hospitals, clinical, integrations, config]


def import_all(package: ModuleType) -> None:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        # Settings are of one process each, and a migration holds no refusal.
        if ".settings" not in found.name and ".migrations" not in found.name:
            importlib.import_module(found.name)


def kinds(of: type[Refused]) -> Iterator[type[Refused]]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def with_a_code_of_their_own() -> list[type[Refused]]:
    for app in APPS:
        import_all(app)
    return [kind for kind in set(kinds(Refused)) if "code" in vars(kind) and not kind.__module__.startswith("tests.")]


def test_every_code_belongs_to_one_class() -> None:
    codes = Counter(kind.code for kind in with_a_code_of_their_own())
    assert codes["not_permitted"] == 1
    assert [code for code, count in codes.items() if count > 1] == []


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotPermitted(), 403), (NotFound(), 404), (TooOften(retry_after_seconds=1), 429)]
)
def test_what_no_page_says_in_words_has_a_status_of_its_own(refusal: Refused, status: int) -> None:
    answer = problem_response(refusal, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (status, refusal.code)
