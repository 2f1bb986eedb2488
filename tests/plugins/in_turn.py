"""Which file comes next where each file is given to a worker as a whole, as `make test-slow` does.

Tests of faults mostly wait for other processes, the others mostly compute. They come in turn, so that neither kind has
the machine for itself while the other is left for the end.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest
from pathlib import Path

import pytest


def files_in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    files: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.path].append(item)
    waiting = [tests for path, tests in files.items() if path.parent.name == "faults"]
    computing = [tests for path, tests in files.items() if path.parent.name != "faults"]
    in_turn: list[pytest.Item] = []
    for one, other in zip_longest(waiting, computing, fillvalue=list[pytest.Item]()):
        in_turn += one + other
    return in_turn
