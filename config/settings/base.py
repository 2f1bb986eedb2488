"""What every environment shares. `local`, `test` and `production` import this and say how they differ."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF

from config.logs import logging_settings
from config.settings import limits
from config.settings.api import *  # noqa: F403
from config.settings.chat import *  # noqa: F403
from config.settings.env import Env
from config.settings.limits import *  # noqa: F403  # noqa: F403  # noqa: F403
from config.settings.tasks import *  # noqa: F403
from config.settings.unfold import UNFOLD  # noqa: F401  (read by the admin portal)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = BASE_DIR / "var"

env = Env(os.environ)

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", hint="any 50 random characters; signs sessions and links")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", default=[])
INSTANCE_ID = ""
PUBLIC_BASE_URL = env.url("PUBLIC_BASE_URL", hint="the address vendors and browsers reach us at, https://..")
# How many proxies in front of us append to X-Forwarded-For.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", default=0)

INSTALLED_APPS = [
    # The plain config: the package's default one would put its own site in place of ours.
    "unfold.apps.BasicAppConfig",
    "config.apps.WardbookAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "accounts.apps.AccountsConfig",
    "hospitals.apps.HospitalsConfig",
    "clinical.apps.ClinicalConfig",
    "integrations.apps.IntegrationsConfig",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "config.request_log.RequestLogMiddleware",
    "config.request_bodies.LimitRequestBodyMiddleware",
    "config.middleware.StraightThroughMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestContextMiddleware",
    "config.middleware.GZipMiddleware",
    "config.middleware.ApiAnswersMiddleware",
    "config.middleware.SessionMiddleware",
    "config.middleware.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "accounts.devices.throttles.ThrottleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.AuthenticationMiddleware",
    "config.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.CSPMiddleware",
    "config.middleware.SessionLimitsMiddleware",
    "config.middleware.AdminPortalMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.UnfinishedSignInMiddleware",
]

# A web page of another origin may call the patient API only where it is named here; the app itself needs none of it.
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "if-none-match", "x-request-id")
CORS_EXPOSE_HEADERS = (
    *("ETag", "Idempotent-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"),
)
if CORS_ALLOWED_ORIGINS:
    INSTALLED_APPS.append("corsheaders")
    MIDDLEWARE.insert(MIDDLEWARE.index("config.middleware.GZipMiddleware"), "corsheaders.middleware.CorsMiddleware")

ROOT_URLCONF = "config.urls"
MESSAGE_STORAGE = "config.message_cookie.MessageStorage"
CSRF_FAILURE_VIEW = "config.error_pages.csrf_failed"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def _ceiling(name: str) -> int:
    default: int = getattr(limits, name)
    return env.integer(name, default=default, minimum=1)


# Ceilings that fit an operator's size and trouble; `config.settings.limits` has them all, with their reasons.
OTP_SENDS_PER_ADDRESS = _ceiling("OTP_SENDS_PER_ADDRESS")
OTP_FAILURES_PER_ADDRESS = _ceiling("OTP_FAILURES_PER_ADDRESS")
SMS_PER_COUNTRY_AN_HOUR = _ceiling("SMS_PER_COUNTRY_AN_HOUR")
SMS_IN_ALL_AN_HOUR = _ceiling("SMS_IN_ALL_AN_HOUR")
API_CALLS_PER_TOKEN_A_MINUTE = _ceiling("API_CALLS_PER_TOKEN_A_MINUTE")
API_CALLS_PER_ADDRESS_A_MINUTE = _ceiling("API_CALLS_PER_ADDRESS_A_MINUTE")
VISIT_CHANGES_AN_HOUR = _ceiling("VISIT_CHANGES_AN_HOUR")

_database: dict[str, Any] = env.database("DATABASE_URL")
# A pooler in transaction mode gives each transaction another session: nothing may be kept in one.
DATABASE_POOLED = env.flag("DATABASE_POOLED", default=False)
# Server-side binding stays off: the history triggers' statements hold more than one command.
_database["OPTIONS"] = {
    # A host that falls silent without closing its connections is given up after 5 to 11 s; without these, after 15
    # minutes at best, each of its connections holding a thread. Milliseconds, seconds, seconds, probes.
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "connect_timeout": 5,
    **_database.get("OPTIONS", {}),
    "pool": {"min_size": 1, "max_size": 8, "timeout": 5},
    # Only what asks for it is prepared (`core.db.prepared`); None, Django's choice, refuses that too.
    "prepare_threshold": None if DATABASE_POOLED else 5,
    "application_name": "wardbook",
}
_database["CONN_MAX_AGE"] = 0
_database["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLED
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "config.tolerant_cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "socket_timeout": 0.2,
            "socket_connect_timeout": 0.2,
            "serializer": "config.tolerant_cache.JsonSerializer",
        },
    }
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.staff_sign_in.password.EmailBackend"]
PASSWORD_HASHERS = [
    "accounts.staff_sign_in.password.BcryptSha256Hasher",
    "accounts.staff_sign_in.password.BareBcryptHasher",
]
BCRYPT_ROUNDS = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.staff_sign_in.password_words.OwnWordsValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "staff:login"
LOGIN_REDIRECT_URL = "staff:home"
LOGOUT_REDIRECT_URL = "staff:login"

# Each first key signs, all verify. None is derived from another.
OTP_KEYS = env.keys("OTP_KEYS")  # mask one-time codes at rest
BOOKING_REFERENCE_KEYS = env.keys("BOOKING_REFERENCE_KEYS")  # sign our reference in a booking's metadata
AUDIT_KEYS = env.keys("AUDIT_KEYS")  # seal the access log

# Ports and who implements them: a lower app never names a vendor.
SMS_BACKEND = env.text("SMS_BACKEND", default="integrations.twilio.sms.TwilioSms")
SMS_NOTICES = "clinical.reminders.texts.VisitNotices"
SCHEDULE_PUBLISHER = "integrations.calcom.schedules.publisher.CalcomSchedules"
BOOKING_PROVIDER = "integrations.calcom.bookings.provider.CalcomBookings"
CHAT_ASSISTANT = "integrations.vapi.chat.VapiChat"
BOOKED_VISITS = "clinical.visits.booked_visits.MirroredVisits"
IDEMPOTENCY_STORE = "config.idempotency.DatabaseIdempotency"

WAKE_UP = "integrations.wake_ups.send"

# Vendors
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.items("TWILIO_AUTH_TOKEN", default=[])
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_FROM_NUMBER = env.text("TWILIO_FROM_NUMBER", default="")
# STOP ends the messages of one sender: reminders have their own, notices may, so that codes still arrive.
TWILIO_REMINDER_MESSAGING_SERVICE_SID = env.text("TWILIO_REMINDER_MESSAGING_SERVICE_SID", default="")
TWILIO_REMINDER_FROM_NUMBER = env.text("TWILIO_REMINDER_FROM_NUMBER", default="")
TWILIO_NOTICE_MESSAGING_SERVICE_SID = env.text("TWILIO_NOTICE_MESSAGING_SERVICE_SID", default="")
TWILIO_NOTICE_FROM_NUMBER = env.text("TWILIO_NOTICE_FROM_NUMBER", default="")
SMS_NOTICES_APART = bool(TWILIO_NOTICE_MESSAGING_SERVICE_SID or TWILIO_NOTICE_FROM_NUMBER)
TWILIO_API_URL = env.url("TWILIO_API_URL", default="https://api.twilio.com")
SMS_COUNTRIES = env.items("SMS_COUNTRIES", default=[])
CALCOM_API_URL = env.url("CALCOM_API_URL", default="https://api.cal.com")
CALCOM_API_KEY = env.text("CALCOM_API_KEY", default="")
CALCOM_ORG_ID = env.integer("CALCOM_ORG_ID", default=0)
CALCOM_WEBHOOK_SECRET = env.items("CALCOM_WEBHOOK_SECRET", default=[])
VAPI_API_URL = env.url("VAPI_API_URL", default="https://api.vapi.ai")
VAPI_API_KEY = env.text("VAPI_API_KEY", default="")
VAPI_ASSISTANT_ID = env.text("VAPI_ASSISTANT_ID", default="")
VAPI_WEBHOOK_SECRET = env.items("VAPI_WEBHOOK_SECRET", default=[])
SENTRY_DSN = env.text("SENTRY_DSN", default="")
OTEL_EXPORTER_OTLP_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
BACKUP_STAMP = env.text("BACKUP_STAMP", default="")

# Bookings
BOOKING_WAIT_SECONDS = 2.5
# Threads of a web process; a quarter of them at most wait for a calendar at once.
WEB_THREADS = 3
SCHEDULE_PUSH_DELAY_SECONDS = 10
MAX_OPEN_VISITS = 3
# How far ahead patients may look for times and book: 12 months.
BOOKING_HORIZON = dt.timedelta(days=366)
# Neither denied nor dispensed by then, a prescription expires.
PRESCRIPTION_LIFETIME = dt.timedelta(days=90)
IDEMPOTENCY_LIFETIME = dt.timedelta(hours=24)
# By the patient's clock, or the hospital's where the patient named none: no reminder rings then.
REMINDER_QUIET_HOURS = (dt.time(21), dt.time(8))

# Requests
REQUEST_BODY_LIMIT_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# A file of 2 MB, and the form around it. Whatever is not refused for its size stays in memory: nothing goes to a disk.
STAFF_FILE_BODY_LIMIT_BYTES = FILE_UPLOAD_MAX_MEMORY_SIZE = 2560 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
# How long a request's body may take to arrive.
REQUEST_BODY_SECONDS = 10.0
API_BODY_LIMIT_BYTES = 64 * 1024
WEBHOOK_BODY_LIMIT_BYTES = 256 * 1024

CELERY_BROKER_URL = REDIS_URL

# Pages
LANGUAGE_CODE = "en"
# A language is offered when all of our texts are there in it: a page in two languages is worse than one in English.
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Wardbook <no-reply@localhost>")

# A line in the log for each request.
ACCESS_LOG = False
# Where a worker tells what its children counted; 0: nowhere.
WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", default=0)
# The metrics library opens its files as soon as something is counted.
if _shared_metrics := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(_shared_metrics).mkdir(parents=True, exist_ok=True)
LOGGING_CONFIG = "config.logs.configure"
LOGGING = logging_settings(as_json=False)
