"""A web process with one database connection and many threads: who holds it while waiting is found out at once."""

from __future__ import annotations

from config.settings.local import *  # noqa: F403
from config.settings.local import DATABASES

WEB_THREADS = 16
APPLICATION_NAME = "wardbook-web"
DATABASES["default"]["OPTIONS"] |= {
    "application_name": APPLICATION_NAME,
    "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
}
