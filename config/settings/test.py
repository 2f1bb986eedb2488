"""Tests: real PostgreSQL and Valkey (see `tests/plugins/services.py`), cheap hashes, no vendor."""

from __future__ import annotations

import os

for _name, _value in {
    "SECRET_KEY": "test-secret-key-test-secret-key-test-secret-key-12",
    "OTP_KEYS": "otp-key-for-tests-0123456789abcdef",
    "BOOKING_REFERENCE_KEYS": "reference-key-for-tests-0123456789",
    "AUDIT_KEYS": "audit-key-for-tests-0123456789abcd",
    "PUBLIC_BASE_URL": "http://testserver",
    "CALCOM_API_KEY": "cal_test_key",
    "CALCOM_ORG_ID": "1",
    "CALCOM_API_URL": "http://127.0.0.1:9",
    "CALCOM_WEBHOOK_SECRET": "webhook-secret-for-tests-0123456789",
}.items():
    os.environ.setdefault(_name, _value)

from config.settings.base import *  # noqa: F403
from config.settings.base import INSTALLED_APPS, env

DEBUG = False
INSTALLED_APPS = [*INSTALLED_APPS, "dev.apps.DevConfig"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
SMS_BACKEND = "accounts.messages.local_senders.MemorySms"
BCRYPT_ROUNDS = 4
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = False
# Wake-ups would go to a worker that no test runs; tests call what the worker would.
WAKE_UP = "core.wake_ups.none"
BOOKING_WAIT_SECONDS = 0.0
CHAT_WAIT_SECONDS = 0.0
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# Files are looked for when one is asked for: to list them all took each test client 40 ms.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = 60

env.done()
