"""The linters of the API's description, where there is npm."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev import node_tools
from dev.node_tools import lint

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not node_tools.has_npm(), reason="There is no npm on this machine."),
]


@pytest.mark.parametrize(
    ("described", "instead", "linter"),
    [
        ("      summary: Book appointment\n", "", "operation-summary"),
        ("- name: auth\n", "- name: other\n", "operation-tag-defined"),
    ],
)
def test_each_linter_refuses_what_is_badly_described(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], described: str, instead: str, linter: str
) -> None:
    openapi = tmp_path / "openapi.yaml"
    text = lint.OPENAPI.read_text()
    assert described in text
    openapi.write_text(text.replace(described, instead))
    assert lint.lint(openapi) == 1
    assert linter in capfd.readouterr().out


def test_what_is_committed_is_clean_and_linted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lint.lint() == 0
    monkeypatch.setenv("PATH", "")
    assert lint.lint() == 0
