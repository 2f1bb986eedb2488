"""What sign-in is measured under: passwords hashed at production's cost, which tests do without."""

from __future__ import annotations

from config.settings import base
from dev.bench.settings import *  # noqa: F403

BCRYPT_ROUNDS = base.BCRYPT_ROUNDS
