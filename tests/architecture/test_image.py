"""The image holds the product and nothing else: what `COPY . .` would copy, by the rules of `.dockerignore`."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("accounts", "clinical", "config", "core", "hospitals", "integrations")
DEVELOPMENT_SETTINGS = {f"config/settings/{name}.py" for name in ("local", "test", "typecheck")}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


def copied() -> set[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    return {name for name in tracked() if not _is_ignored(name, rules)}


def _is_ignored(name: str, rules: list[str]) -> bool:
    """Docker's own rule: a pattern matches a path or a folder above it, and the last that matches decides."""
    path = PurePosixPath(name)
    places = [name, *(str(folder) for folder in path.parents if str(folder) != ".")]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").rstrip("/")
        if any(_matches(place, pattern) for place in places):
            ignored = not rule.startswith("!")
    return ignored


def _matches(place: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatchcase(place.rpartition("/")[2], pattern.removeprefix("**/"))
    return place.count("/") == pattern.count("/") and fnmatchcase(place, pattern)


def test_the_image_holds_the_product_only() -> None:
    product = {
        name for name in tracked() if name.startswith(tuple(f"{app}/" for app in (*PRODUCT, "static", "templates")))
    }
    assert copied() == (product - DEVELOPMENT_SETTINGS) | {"manage.py", "requirements.txt"}


def test_nothing_that_develops_it_is_copied() -> None:
    assert {name.partition("/")[0] for name in copied()} == {
        *PRODUCT,
        "static",
        "templates",
        "manage.py",
        "requirements.txt",
    }


def test_the_image_compiles_each_app_it_holds() -> None:
    (compiled,) = re.findall(r"compileall -q -j 0 /venv/lib (.*)", (ROOT / "Dockerfile").read_text())
    assert compiled.split() == sorted(PRODUCT)
