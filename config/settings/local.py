"""Development: what `make run` uses. Never reachable from another machine."""

from __future__ import annotations

from pathlib import Path

from config.settings.env import load_dotenv

load_dotenv(Path(__file__).resolve().parents[2] / ".env")

from config.settings.base import *  # noqa: F403
from config.settings.base import INSTALLED_APPS, env

DEBUG = True
INSTALLED_APPS = [*INSTALLED_APPS, "dev.apps.DevConfig"]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SMS_BACKEND = env.text("SMS_BACKEND", default="accounts.messages.local_senders.ConsoleSms")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Which run of `make run` this is: its supervisor looks whether it is its own server that answers.
INSTANCE_ID = env.text("INSTANCE_ID", default="")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

env.done()
