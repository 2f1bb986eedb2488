"""As `live_settings`, but nobody waits long for what is pending."""

from __future__ import annotations

from tests.faults.live_settings import *  # noqa: F403

BOOKING_WAIT_SECONDS = 1.0
CHAT_WAIT_SECONDS = 0.5
