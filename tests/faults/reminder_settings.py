"""Reminders that really go out, at whatever hour the test runs."""

from __future__ import annotations

import datetime as dt

from config.settings.local import *  # noqa: F403

SMS_BACKEND = "integrations.twilio.sms.TwilioSms"
REMINDER_QUIET_HOURS = (dt.time(0), dt.time(0))
