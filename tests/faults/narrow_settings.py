"""A web process with one database connection and many threads: who holds it while waiting is found out at once."""

from __future__ import annotations

from copy import deepcopy

from config.settings import local
from config.settings.local import *  # noqa: F403

WEB_THREADS = 16
APPLICATION_NAME = "wardbook-web"
# A copy: the tests read a name from here, and their own process keeps its connections.
DATABASES = deepcopy(local.DATABASES)
DATABASES["default"]["OPTIONS"] |= {
    "application_name": APPLICATION_NAME,
    "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
}
