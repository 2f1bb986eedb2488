"""One line of a record's history, as every page of a history shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`who` is empty where nobody is on record, as for what the booking calendar tells."""

    at: dt.datetime
    text: str
    who: str = ""
    note: str = ""
