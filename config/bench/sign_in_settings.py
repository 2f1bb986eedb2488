"""What sign-in is measured under: passwords hashed at production's cost, which tests do without."""

from __future__ import annotations

from config.bench.settings import *  # noqa: F403
from config.settings import base

BCRYPT_ROUNDS = base.BCRYPT_ROUNDS
