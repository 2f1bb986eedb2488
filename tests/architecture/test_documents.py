"""What the documents name exists: files, headings they point to, settings, commands, targets of make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "docs" / "operations"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
# Variables of other programs, and words of the examples.
NOT_OURS = {
    "MALLOC_ARENA_MAX",
    "POSTGRES_PASSWORD",
    "PYTHONUNBUFFERED",
    "REDIS_PASSWORD",
    "PROMETHEUS_MULTIPROC_DIR",
    "CELERY_TASK_TIME_LIMIT",
}


def documents() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def operations() -> list[Path]:
    return sorted(OPERATIONS.glob("*.md"))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    missing = []
    for target in LINK.findall(page.read_text()):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and linked.suffix == ".md" and anchor not in anchors(linked)):
            missing.append(target)
    assert missing == []


@pytest.mark.parametrize("page", operations(), ids=lambda page: page.name)
def test_every_setting_that_operators_are_told_of_exists(page: Path) -> None:
    named = {name for code in CODE.findall(page.read_text()) for name in NAME.findall(code)}
    assert named - variables() - NOT_OURS == set()


def test_operators_are_told_of_every_setting() -> None:
    told = "".join(page.read_text() for page in operations())
    assert [name for name in sorted(variables()) if f"`{name}" not in told and f"{name}=" not in told] == []


def test_every_secret_has_its_line_in_keys() -> None:
    secret = re.compile(r"KEY|SECRET|TOKEN|_URL$|DSN")
    # Addresses without a password in them.
    addresses = {"PUBLIC_BASE_URL", "TWILIO_API_URL", "CALCOM_API_URL", "VAPI_API_URL"}
    limits = {"API_CALLS_PER_TOKEN_A_MINUTE"}
    keys = (OPERATIONS / "keys.md").read_text()
    secrets = {name for name in variables() if secret.search(name)} - addresses - limits
    assert [name for name in sorted(secrets) if f"`{name}`" not in keys] == []


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]{3,})", page.read_text()))
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for code in CODE.findall(page.read_text()) for name in re.findall(r"\bmake ([a-z-]+)", code)}
    assert named - targets == set()
