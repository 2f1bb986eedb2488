"""Whether `docs/openapi.yaml` is what the code gives; what differs is shown. Part of `make check`."""

from __future__ import annotations

import difflib
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
AGAIN = "manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"


def main() -> int:
    django.setup()
    with tempfile.TemporaryDirectory(prefix="wardbook-openapi-") as directory:
        made = Path(directory, "openapi.yaml")
        call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
        lines = difference(COMMITTED.read_text(), made.read_text())
    sys.stdout.writelines(lines)
    if lines:
        sys.stdout.write(f"If the code is right: {AGAIN}\n")
    return 1 if lines else 0


def difference(committed: str, made: str) -> list[str]:
    names = ("docs/openapi.yaml", "what the code gives")
    return list(difflib.unified_diff(committed.splitlines(True), made.splitlines(True), *names, n=2))


if __name__ == "__main__":
    sys.exit(main())
