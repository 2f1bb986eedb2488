"""What an operator's alarms watch of the patients' sign-in. Counts of this process: see `docs/security.md`."""

from __future__ import annotations

from prometheus_client import Counter

codes_requested = Counter("wardbook_codes_requested", "Codes asked for and granted.", ["purpose"])
codes_failed = Counter("wardbook_codes_failed", "Wrong codes given.", ["purpose"])
limits_reached = Counter("wardbook_limits_reached", "Requests refused because a limit was reached.", ["limit"])
step_ups_locked = Counter("wardbook_step_ups_locked", "Records closed after too many wrong birth dates.")
