from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.migrated import digest

SOURCES = ("shop/migrations/0001_first.py", "shop/models/order.py", "core/db/fields.py", "config/apps.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*SOURCES, "requirements.txt", "shop/views.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1")
    return tmp_path


@pytest.mark.parametrize("name", [*SOURCES, "requirements.txt"])
def test_what_tables_are_made_from_is_in_the_digest(root: Path, name: str) -> None:
    before = digest(root)
    (root / name).write_text("x = 2")
    edited = digest(root)
    (root / name).rename((root / name).with_stem("requirements_or_0002"))

    assert len({before, edited, digest(root)}) == 3


def test_what_they_are_not_made_from_is_not(root: Path) -> None:
    before = digest(root)
    (root / "shop" / "views.py").write_text("x = 2")

    assert digest(root) == before
