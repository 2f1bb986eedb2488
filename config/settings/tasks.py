"""Background work: how messages travel, who takes them, and how often each sweep looks."""

from __future__ import annotations

from typing import Any

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What a patient waits for never stands behind a sweep that Cal.com keeps waiting: a worker of its own takes it
# (`--queues bookings`, the others exclude it). A worker told nothing takes everything.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {"celery": {}, "bookings": {}, "chats": {}}
CELERY_TASK_ROUTES = {
    "integrations.sweep_booking_requests": {"queue": "bookings"},
    # The assistant thinks for seconds, and holds up nothing else meanwhile: likewise (`--queues chats`).
    "integrations.sweep_chats": {"queue": "chats"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task; a message lost with its worker comes back after this.
    "visibility_timeout": 180,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
}
# A wake-up is published with short timeouts and never retried: sweeps find the work anyway.
CELERY_TASK_PUBLISH_RETRY = False
_SWEEPS = {
    "sweep-webhooks": ("integrations.sweep_webhooks", 15.0),
    "sweep-calls": ("integrations.sweep_calls", 15.0),
    "fetch-reports": ("integrations.fetch_reports", 30.0),
    "link-session-bookings": ("integrations.link_session_bookings", 60.0),
    "sweep-chats": ("integrations.sweep_chats", 5.0),
    "close-chats": ("integrations.close_chats", 60.0),
    "sweep-booking-requests": ("integrations.sweep_booking_requests", 5.0),
    "sweep-marks": ("integrations.sweep_marks", 15.0),
    "sweep-schedules": ("integrations.sweep_schedules", 10.0),
    "connect-doctors": ("integrations.connect_doctors", 15.0),
    "check-links": ("integrations.check_links", 600.0),
    "sweep-mail": ("integrations.sweep_mail", 5.0),
    "sweep-sms": ("integrations.sweep_sms", 5.0),
    "sweep-reminders": ("integrations.sweep_reminders", 60.0),
    "purge-reminders": ("integrations.purge_reminders", 3600.0),
    "sweep-lookups": ("integrations.sweep_lookups", 15.0),
    "pull-bookings": ("integrations.pull_bookings", 60.0),
    "check-subscription": ("integrations.check_subscription", 600.0),
    "complete-past-visits": ("integrations.complete_past_visits", 300.0),
    "purge-sign-in-traces": ("integrations.purge_sign_in_traces", 3600.0),
    "sweep-staff-imports": ("integrations.sweep_staff_imports", 10.0),
    "purge-staff-imports": ("integrations.purge_staff_imports", 3600.0),
    "expire-prescriptions": ("integrations.expire_prescriptions", 3600.0),
    "carry-out-erasures": ("integrations.carry_out_erasures", 30.0),
    "apply-retention": ("integrations.apply_retention", 3600.0),
    "seal-access-events": ("integrations.seal_access_events", 60.0),
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A sweep that nobody took before the next one came is not worth keeping.
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, (task, seconds) in _SWEEPS.items()
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
