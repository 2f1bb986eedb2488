from __future__ import annotations

from accounts.models import OneTimeCode
from accounts.one_time_codes import Binding


def binding_of(row: OneTimeCode) -> Binding:
    """What the code of this row is bound to. A row without a challenge is another program's, and never used."""
    if row.challenge_id is None or row.purpose is None:
        raise ValueError("this one-time code belongs to no challenge")
    return Binding(challenge_id=row.challenge_id, number=row.number, purpose=row.purpose)
