"""`python -m dev.node_tools.lint`: lints `docs/openapi.yaml` by Spectral and Redocly. One that is known to be clean is
not linted again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dev.node_tools import HERE, INSTALLED, ROOT, digest_of, installed

OPENAPI = ROOT / "docs" / "openapi.yaml"
RULES = (HERE / "spectral.yaml", HERE / "redocly.yaml", HERE / "package-lock.json")
# Redocly would report its use, look for a newer version of itself, and say on each run that Node 20 is old.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def lint(openapi: Path = OPENAPI) -> int:
    digest, noted = digest_of(openapi, *RULES), INSTALLED / "clean"
    if noted.exists() and noted.read_text() == digest:
        return 0
    tools = installed()
    commands = (
        (tools / "spectral", "lint", "--quiet", "--fail-severity=hint", "--ruleset", HERE / "spectral.yaml", openapi),
        (tools / "redocly", "lint", "--format=stylish", "--config", HERE / "redocly.yaml", openapi),
    )
    failed = [command for command in commands if subprocess.run(command, env=os.environ | QUIET).returncode]
    if not failed:
        noted.write_text(digest)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(lint())
