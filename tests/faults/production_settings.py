"""Production's settings, with the collected files in the test's own directory."""

from __future__ import annotations

import os
from pathlib import Path

from config.settings.production import *  # noqa: F403

STATIC_ROOT = Path(os.environ["TEST_VAR_DIR"]) / "staticfiles"
