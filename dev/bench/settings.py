"""What is measured: debugging off and wake-ups on, as in production; nothing is sent to a vendor."""

from __future__ import annotations

from config.settings.test import *  # noqa: F403

WAKE_UP = "integrations.wake_ups.send"
# The pages' style sheet and pictures are files that the web server hands out; they are not measured.
WHITENOISE_AUTOREFRESH = False
# All load comes from one address with one token: counted as in production, but never refused.
API_CALLS_PER_TOKEN_A_MINUTE = API_CALLS_PER_ADDRESS_A_MINUTE = 10**9
