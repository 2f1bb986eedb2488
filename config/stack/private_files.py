"""Files that only their owner reads, never seen half-written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path


def write_private(path: Path, data: Mapping[str, str | None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes files of mode 0600.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(data, file, indent=2)
            file.write("\n")
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def remembered(path: Path, makers: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """The values kept in a file; those it lacks are made and added."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in makers.items() if name not in kept}
    if missing:
        write_private(path, kept | missing)
    return kept | missing
