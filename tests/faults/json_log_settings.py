"""Those of development with production's log."""

from __future__ import annotations

from config.logs import logging_settings
from config.settings.local import *  # noqa: F403

LOGGING = logging_settings(as_json=True)
