"""Production. Refuses to start when something it needs is missing, and says what by name."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

import sentry_sdk

from config.error_reports import without_personal_data
from config.logs import logging_settings
from config.settings.base import *  # noqa: F403
from config.settings.base import (
    AUDIT_KEYS,
    BASE_DIR,
    BOOKING_REFERENCE_KEYS,
    EMAIL_CONFIG,
    OTP_KEYS,
    PUBLIC_BASE_URL,
    REDIS_URL,
    SENTRY_DSN,
    env,
)
from config.settings.env import KEY_HINT

MINIMUM_SECRET_KEY_LENGTH = 50


def _is_module(name: str) -> bool:
    try:
        return bool(name) and find_spec(name) is not None
    except ModuleNotFoundError:
        return False


DEBUG = False
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", hint="the host names we answer to, as wardbook.example.org")
if "*" in ALLOWED_HOSTS:
    env.problem("ALLOWED_HOSTS", "allows every host", hint="name ours: mailed links and forms trust it")
SECRET_KEY = env.text("SECRET_KEY")
if 0 < len(SECRET_KEY) < MINIMUM_SECRET_KEY_LENGTH:
    env.problem("SECRET_KEY", f"is shorter than {MINIMUM_SECRET_KEY_LENGTH} characters", hint=KEY_HINT)
_TWILIO_SMS = "integrations.twilio.sms.TwilioSms"
SMS_BACKEND = env.text("SMS_BACKEND", default=_TWILIO_SMS)
if SMS_BACKEND.startswith("accounts.messages.local_senders."):
    env.problem("SMS_BACKEND", "prints or keeps codes and is for development", hint="leave it unset")
elif not _is_module(SMS_BACKEND.rpartition(".")[0]):
    env.problem("SMS_BACKEND", "is in no module that is installed", hint="leave it unset for Twilio")

_without_password = env.flag("REDIS_WITHOUT_PASSWORD", default=False)
if REDIS_URL and not _without_password and not REDIS_URL.startswith("unix:") and not urlsplit(REDIS_URL).password:
    env.problem(
        "REDIS_URL",
        "has no password",
        hint="who writes to Redis wakes workers and says what is free: redis://:password@host:6379/0, or "
        "REDIS_WITHOUT_PASSWORD=true where the network lets nobody else reach it",
    )

for _name, _hint in {
    "EMAIL_URL": "the mail server; links to set a password are mailed: smtp+tls://user:password@host:587",
    "CALCOM_API_KEY": "an organisation admin's key, cal_live_..",
}.items():
    env.text(_name, hint=_hint)
if EMAIL_CONFIG["EMAIL_BACKEND"] != "django.core.mail.backends.smtp.EmailBackend":
    env.problem("EMAIL_URL", "sends no mail", hint="smtp+tls://user:password@host:587")
CALCOM_WEBHOOK_SECRET = env.keys("CALCOM_WEBHOOK_SECRET", hint=f"the secret of our webhook subscription; {KEY_HINT}")
VAPI_WEBHOOK_SECRET = env.keys("VAPI_WEBHOOK_SECRET", default=[])
_secrets = [
    [SECRET_KEY],
    *(OTP_KEYS, BOOKING_REFERENCE_KEYS, AUDIT_KEYS, CALCOM_WEBHOOK_SECRET, VAPI_WEBHOOK_SECRET),
]
if len({key for keys in _secrets for key in keys}) < sum(len(set(keys)) for keys in _secrets):
    env.problem("SECRET_KEY", "or another key serves two purposes", hint="make each key and webhook secret anew")
# Guessed wrongly, every stranger would count as one of us, or all as one address.
TRUSTED_PROXY_COUNT = env.integer(
    "TRUSTED_PROXY_COUNT", hint="how many proxies of ours append to X-Forwarded-For; 0 if none"
)
if PUBLIC_BASE_URL and not PUBLIC_BASE_URL.startswith("https://"):
    env.problem("PUBLIC_BASE_URL", "does not start with https://", hint="links that set passwords begin with it")
CALCOM_ORG_ID = env.integer("CALCOM_ORG_ID", hint="the organisation's number in Cal.com")
if SMS_BACKEND == _TWILIO_SMS:
    env.text("TWILIO_ACCOUNT_SID", hint="the account's id in Twilio's console")
    env.text("TWILIO_AUTH_TOKEN", hint="the account's primary token; it also verifies status callbacks")
    if not (env.text("TWILIO_MESSAGING_SERVICE_SID", default="") or env.text("TWILIO_FROM_NUMBER", default="")):
        env.problem("TWILIO_MESSAGING_SERVICE_SID", "is missing, and so is TWILIO_FROM_NUMBER", hint="set one of them")

    _senders = {env.text("TWILIO_MESSAGING_SERVICE_SID", default=""), env.text("TWILIO_FROM_NUMBER", default="")} - {""}
    _reminder = env.text("TWILIO_REMINDER_MESSAGING_SERVICE_SID", default="")
    _reminder = _reminder or env.text("TWILIO_REMINDER_FROM_NUMBER", default="")
    if not _reminder:
        env.problem(
            "TWILIO_REMINDER_MESSAGING_SERVICE_SID",
            "is missing, and so is TWILIO_REMINDER_FROM_NUMBER",
            hint="a second sender: who answers STOP to reminders still gets sign-in codes",
        )
    elif _reminder in _senders:
        env.problem(
            "TWILIO_REMINDER_MESSAGING_SERVICE_SID",
            "is the sender of the sign-in codes too",
            hint="a STOP to reminders would end the codes; use another service or number",
        )

    _notice = env.text("TWILIO_NOTICE_MESSAGING_SERVICE_SID", default="")
    if (_notice or env.text("TWILIO_NOTICE_FROM_NUMBER", default="")) in _senders:
        env.problem(
            "TWILIO_NOTICE_MESSAGING_SERVICE_SID",
            "is the sender of the sign-in codes too",
            hint="leave it out, or use another service or number: a STOP to notices would end the codes",
        )

LOGGING = logging_settings(as_json=True)
ACCESS_LOG = True
SECURE_SSL_REDIRECT = False  # the proxy does it; a redirect would lose a vendor's webhook
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The prefix makes browsers refuse these cookies from a neighbouring host or over plain HTTP.
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
DEVICE_COOKIE_NAME = "__Host-device"
MESSAGES_COOKIE_NAME = "__Host-messages"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
OPERATORS_NEED_SECOND_FACTOR = True
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

env.done()

if SENTRY_DSN:
    # Errors only: no bodies, queries, cookies, breadcrumbs or local variables, which hold personal data.
    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=without_personal_data,
        before_send_transaction=without_personal_data,
    )
