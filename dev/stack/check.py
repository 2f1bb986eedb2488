"""`make check`: every check runs, whatever the one before it found; what fails shows its output.

`python -m dev.stack.check openapi` is one of them: whether `docs/openapi.yaml` is what the code gives.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django
from django.core.management import call_command

from dev.embedded.postgres import running_postgres
from dev.embedded.server import ServerProblem
from dev.embedded.valkey import running_valkey
from dev.node_tools import has_npm

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OPENAPI = ROOT / "docs" / "openapi.yaml"
OPENAPI_AGAIN = "manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"


def checks() -> list[tuple[str, Sequence[str]]]:
    """Name and command of each."""
    manage = (sys.executable, "manage.py")
    templates = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html"))
    kubernetes = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "deploy" / "kubernetes").rglob("*.yaml"))
    # What kustomize alone reads is no resource; `tests/architecture/test_kubernetes.py` renders it.
    resources = [name for name in kubernetes if not name.endswith("kustomization.yaml")]
    found: list[tuple[str, Sequence[str]]] = [
        ("types", (str(BIN / "mypy"), ".")),
        ("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
        ("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
        ("imports", (str(BIN / "lint-imports"), "--no-logo")),
        ("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        ("migrate", (*manage, "migrate", "--verbosity", "0")),
        ("blocking", (sys.executable, "-m", "dev.stack.migration_lint")),
        ("system", (*manage, "check", "--database", "default", "--fail-level", "WARNING")),
        ("openapi", (sys.executable, "-m", "dev.stack.check", "openapi")),
        ("kubernetes", (str(BIN / "kubernetes-validate"), "--strict", "--quiet", *resources)),
        ("templates", (str(BIN / "djade"), "--check", "--target-version", "5.2", *templates)),
        ("indentation", (str(BIN / "djhtml"), "--check", "--tabwidth", "2", *templates)),
    ]
    if not templates:
        found = [(name, command) for name, command in found if name not in {"templates", "indentation"}]
    if has_npm():
        found.append(("openapi lint", (sys.executable, "-m", "dev.node_tools.lint")))
    # In the locked requirements only where its wheel exists for the system.
    if (BIN / "hadolint").exists():
        found.append(("dockerfile", (str(BIN / "hadolint"), "Dockerfile")))
    return found


def run_check(name: str, command: Sequence[str], env: Mapping[str, str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    passed = done.returncode == 0
    line = f"{'ok' if passed else 'FAILED':<8}{name:<13}{time.monotonic() - began:5.1f} s"
    say(line if passed else f"{line}\n{done.stdout}")
    return passed


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def check_openapi() -> int:
    django.setup()
    with tempfile.TemporaryDirectory(prefix="wardbook-openapi-") as directory:
        made = Path(directory, "openapi.yaml")
        call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
        lines = difference(OPENAPI.read_text(), made.read_text())
    sys.stdout.writelines(lines)
    if lines:
        say(f"If the code is right: {OPENAPI_AGAIN}")
    return 1 if lines else 0


def difference(committed: str, made: str) -> list[str]:
    names = ("docs/openapi.yaml", "what the code gives")
    return list(difflib.unified_diff(committed.splitlines(True), made.splitlines(True), *names, n=2))


def main() -> int:
    if sys.argv[1:] == ["openapi"]:
        return check_openapi()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="wardbook-check-") as directory,
            running_postgres(Path(directory, "postgres"), durable=False) as database,
            running_valkey(Path(directory, "valkey"), durable=False) as redis,
        ):
            servers = {"DATABASE_URL": database, "REDIS_URL": redis}
            env = os.environ | servers | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONPATH": str(ROOT)}
            # All of them, always. Side by side: the first, the types, takes as long as all others together.
            with ThreadPoolExecutor(2) as pool:
                passed = list(pool.map(lambda check: run_check(check[0], check[1], env), checks()))
            if not has_npm():
                say("skipped openapi lint: there is no npm on this machine")
            return 0 if all(passed) else 1
    except ServerProblem as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    sys.exit(main())
