"""What the documents claim about security names the test that holds it, and that test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("docs/security.md", "docs/threat-model.md", "docs/data.md")
_HEADING = "## Claims and the tests that hold them"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_claim_names_a_test() -> None:
    table = (ROOT / "docs/security.md").read_text().partition(_HEADING)[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 11
    assert [row for row in rows if not any(name for _path, name in _TEST.findall(row))] == []


def test_every_test_that_a_document_names_exists() -> None:
    named = {found for document in DOCUMENTS for found in _TEST.findall((ROOT / document).read_text())}
    assert len(named) >= 11
    missing = [path for path, _name in named if not (ROOT / path).is_file()]
    assert missing == []
    assert [(path, name) for path, name in named if name and name not in functions_of(path)] == []
