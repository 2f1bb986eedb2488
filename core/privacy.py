"""Which fields of a model are personal or secret: for erasure, retention, and the test that every field is declared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Privacy:
    """Field names of one model. `sensitive` names a person, their health, or a secret; `safe` is everything else."""

    sensitive: frozenset[str]
    safe: frozenset[str]


def privacy(*, sensitive: str = "", safe: str = "") -> Privacy:
    """Two lists of field names, separated by spaces."""
    return Privacy(sensitive=frozenset(sensitive.split()), safe=frozenset(safe.split()))
