"""What is measured: debugging off and wake-ups on, as in production; nothing is sent to a vendor.

`BENCH_SERVES` says what the server serves: `ours`; `floor`, the bare views, on the same Django and the same pool of
connections without middleware; `textbook`, the textbook's views where ours would be; or `sign_in`, ours with passwords
hashed at production's cost, which tests do without.
"""

from __future__ import annotations

import os

from config.settings.test import *  # noqa: F403
from config.settings.test import MIDDLEWARE, ROOT_URLCONF

WAKE_UP = "integrations.wake_ups.send"
# The pages' style sheet and pictures are files that the web server hands out; they are not measured.
WHITENOISE_AUTOREFRESH = False
# All load comes from one address with one token: counted as in production, but never refused.
API_CALLS_PER_TOKEN_A_MINUTE = API_CALLS_PER_ADDRESS_A_MINUTE = 10**9

_serves = os.environ.get("BENCH_SERVES", "ours")
if _serves == "floor":
    ROOT_URLCONF, MIDDLEWARE = "dev.bench.urls", []
elif _serves == "textbook":
    ROOT_URLCONF = "dev.bench.textbook"
elif _serves == "sign_in":
    from config.settings.base import BCRYPT_ROUNDS as BCRYPT_ROUNDS
