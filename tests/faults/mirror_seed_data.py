from __future__ import annotations

TEAM_ID = 7
# Two patients' numbers and a stranger's.
PHONES = ("+436601234567", "+436607654321", "+436609999999")
