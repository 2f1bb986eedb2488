"""How far an import of staff is. It adds everybody in one transaction, so the database cannot say before the end."""

from __future__ import annotations

import uuid

from django.core.cache import cache

_KEPT_SECONDS = 600


def tell_progress(pk: uuid.UUID, added: int) -> None:
    cache.set(_key(pk), added, _KEPT_SECONDS)


def people_added(pk: uuid.UUID) -> int:
    """0 also where nobody knows."""
    return int(cache.get(_key(pk)) or 0)


def _key(pk: uuid.UUID) -> str:
    return f"staff_import:{pk}"
