"""How long things are kept. `accounts.own_data.retention` carries it out, each hour; `docs/data.md` has the table."""

from __future__ import annotations

import datetime as dt

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
}

# Whose rules there are, and whose data about a person: one entry for each app that holds any.
RETENTION_RULES = (
    "accounts.retention.RULES",
    "clinical.retention.RULES",
    "integrations.retention.RULES",
    "config.retention.RULES",
)
PERSONAL_DATA = (
    "accounts.personal_data.AccountsData",
    "hospitals.personal_data.HospitalsData",
    "clinical.personal_data.ClinicalData",
    "integrations.personal_data.IntegrationsData",
    "config.personal_data.ConfigData",
)

EXPORTS_A_DAY = 3
