"""How staff sign in: limits, lifetimes, sessions and cookies. `docs/security.md` says why these numbers."""

from __future__ import annotations

import datetime as dt

# Failures in a row that close an account, an unknown email or a known device, and for how long.
SIGN_IN_MAX_FAILURES = 5
SIGN_IN_LOCKOUT = dt.timedelta(minutes=15)

# Second factors tried in a rolling day, whatever came between: three of a million codes are right at any moment.
SECOND_FACTOR_TRIES_A_DAY = 20
# How long the second step of a sign-in waits after the first.
SECOND_FACTOR_STEP_LIFETIME = dt.timedelta(minutes=5)
OPERATORS_NEED_SECOND_FACTOR = False
# Our own counters limit second factors: the package's would close a device for hours after a few slips.
OTP_TOTP_THROTTLE_FACTOR = 0
OTP_STATIC_THROTTLE_FACTOR = 0
OTP_TOTP_ISSUER = "Wardbook"

TEMPORARY_PASSWORD_LIFETIME = dt.timedelta(hours=72)
INVITATION_LIFETIME = dt.timedelta(hours=72)
PASSWORD_RESET_LIFETIME = dt.timedelta(minutes=30)
# Links mailed to one email in a rolling day.
PASSWORD_RESETS_A_DAY = 5

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_IDLE_LIMIT = dt.timedelta(minutes=30)
SESSION_LIMIT = dt.timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_LIMIT.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# By which a browser is known, so that a stranger's failures do not close it to those who use it.
DEVICE_COOKIE_NAME = "wardbook_device"
DEVICE_COOKIE_AGE = dt.timedelta(days=180)
