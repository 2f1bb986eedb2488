"""As in production where a client can tell: no debugging pages. Its files are the test's; no call is too many."""

from __future__ import annotations

import os
from pathlib import Path

from config.settings.local import *  # noqa: F403

DEBUG = False
VAR_DIR = Path(os.environ["TEST_VAR_DIR"])
API_CALLS_PER_TOKEN_A_MINUTE = API_CALLS_PER_ADDRESS_A_MINUTE = 10**9
