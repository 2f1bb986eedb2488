"""How often a patient's phone may be sent a code, and a code be guessed. `docs/security.md` has the arithmetic.

Everything is counted in PostgreSQL, in rolling windows, but the calls in all, which are counted in Redis.
"""

from __future__ import annotations

import datetime as dt

OTP_LIFETIME = dt.timedelta(minutes=5)
# Tries of one code; the last wrong one closes it.
OTP_MAX_TRIES = 3
# One number, or one known device in its place.
OTP_NUMBER_WINDOW = dt.timedelta(hours=24)
OTP_SENDS_PER_NUMBER = 5
OTP_FAILURES_PER_NUMBER = 10
# The wait after the first, second, third and every further send within the window.
OTP_RESEND_DELAYS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))
# One client address: an IPv4 address, or a /64 of IPv6. A mobile carrier puts thousands of people behind one.
OTP_ADDRESS_WINDOW = dt.timedelta(hours=1)
OTP_SENDS_PER_ADDRESS = 300
OTP_FAILURES_PER_ADDRESS = 300
# A signed-in patient asks for codes to this many new numbers within OTP_NUMBER_WINDOW.
PHONE_CHANGES_PER_ACCOUNT = 5
# Codes asked for in an hour: what an attack can cost, and how many codes it can guess at.
SMS_PER_COUNTRY_AN_HOUR = 600
SMS_IN_ALL_AN_HOUR = 1000
# Known devices may go above the ceilings by this share, so that an attack does not shut the patients out.
SMS_RESERVED_SHARE = 0.25
# A new device, or one unused for this long, proves the birth date before it sees the record.
STEP_UP_UNUSED_FOR = dt.timedelta(days=180)
STEP_UP_MAX_TRIES = 3
# Calls of the patient app in all: so many at once, then evenly. A screen of the app makes a handful.
API_CALLS_PER_TOKEN_A_MINUTE = 240
# A mobile carrier puts thousands of people behind one address.
API_CALLS_PER_ADDRESS_A_MINUTE = 6000
_DAY = dt.timedelta(days=1)
_YEAR = 366 * _DAY  # never less than a calendar year
RETENTION: dict[str, dt.timedelta] = {
    "one_time_codes": _DAY,
    "idempotency_keys": _DAY,
    # Scrubbed to ids; the rows stay.
    "webhook_bodies": 180 * _DAY,
    "visit_payloads": 180 * _DAY,
    "vapi_events": 30 * _DAY,
    "sms_messages": _YEAR,
    # Summaries stay.
    "transcripts": _YEAR,
    # A trigger refuses to remove what is younger than six years, whatever stands here.
    "access_events": 6 * _YEAR,
    # Without words.
    "chat_messages": 30 * _DAY,
    "booking_lookups": 90 * _DAY,
    "sync_runs": 90 * _DAY,
    "subscription_checks": 90 * _DAY,
    "contract_checks": 90 * _DAY,
}
# Whose rules there are, and whose data about a person: one entry for each app that holds any.
RETENTION_RULES = (
    "accounts.personal_data.RULES",
    "clinical.personal_data.RULES",
    "integrations.personal_data.RULES",
    "config.idempotency.RULES",
)
PERSONAL_DATA = (
    "accounts.personal_data.AccountsData",
    "hospitals.personal_data.HospitalsData",
    "clinical.personal_data.ClinicalData",
    "integrations.personal_data.IntegrationsData",
    "config.idempotency.ConfigData",
)
EXPORTS_A_DAY = 3
# Moves and cancellations of one patient: each is a call of the calendar, whose calls are for everybody.
VISIT_CHANGES_AN_HOUR = 20
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
MESSAGES_COOKIE_NAME = "messages"
DEVICE_COOKIE_AGE = dt.timedelta(days=180)
