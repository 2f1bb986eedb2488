"""Background work: how messages travel, who takes them, and how often each sweep looks."""

from __future__ import annotations

from typing import Any

# Who can write to Redis can wake a task of ours, without arguments, and nothing more.
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What a patient waits for never stands behind a sweep that Cal.com keeps waiting: a worker of its own takes it
# (`--queues bookings`, the others exclude it). A worker told nothing takes everything.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {"celery": {}, "bookings": {}, "chats": {}, "messages": {}}
CELERY_TASK_ROUTES = {
    "integrations.run_booking_requests": {"queue": "bookings"},
    # The assistant thinks for seconds, and holds up nothing else meanwhile: likewise (`--queues chats`).
    "integrations.answer_messages": {"queue": "chats"},
    # A thousand reminders at a second each hold up no webhook (`--queues messages`).
    "integrations.send_sms": {"queue": "messages"},
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
# Seconds between two looks of each task in `integrations.tasks`.
_SWEEPS = {
    "process_webhooks": 15.0,
    "process_calls": 15.0,
    "fetch_reports": 30.0,
    "link_session_bookings": 60.0,
    "answer_messages": 5.0,
    "close_chats": 60.0,
    "run_booking_requests": 5.0,
    "pass_on_no_shows": 15.0,
    "push_schedules": 10.0,
    "connect_doctors": 15.0,
    "check_links": 600.0,
    "send_staff_mail": 5.0,
    "send_sms": 5.0,
    "queue_reminders": 60.0,
    "purge_reminders": 3600.0,
    "look_up_bookings": 15.0,
    "pull_bookings": 60.0,
    "check_subscription": 600.0,
    "check_contract": 600.0,
    "complete_past_visits": 300.0,
    "purge_sign_in_traces": 3600.0,
    "import_staff": 10.0,
    "purge_staff_imports": 3600.0,
    "expire_prescriptions": 3600.0,
    "carry_out_erasures": 30.0,
    "apply_retention": 3600.0,
    "seal_access_events": 60.0,
}
CELERY_BEAT_SCHEDULER = "config.beat.SteadyScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A sweep that nobody took before the next one came is not worth keeping.
    name: {"task": f"integrations.{name}", "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in _SWEEPS.items()
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Else whatever is printed is logged, a crash one character an event.
CELERY_WORKER_REDIRECT_STDOUTS = False
