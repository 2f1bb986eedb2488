"""When patients are reminded of a visit. A further reminder is one entry here, its column on `Hospital`, and the
migration of both; forms, due times and texts follow from the entry.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A reminder lies on a screen for all to see: no name, no doctor, nothing medical.
_VISIT_COMES = _("%(hospital)s: your visit is on %(time)s. To move or cancel it, open the app. STOP ends reminders.")


@dataclass(frozen=True, slots=True)
class ReminderKind:
    """`value` is stored with each reminder; `setting` is the hospital's column that switches the kind on.

    It is due `lead` before the visit, and not sent any more once it is later than that by `grace`.
    """

    value: str
    description: str
    label: Promise
    setting: str
    lead: dt.timedelta
    grace: dt.timedelta
    text: Promise = _VISIT_COMES


REMINDER_KINDS = (
    ReminderKind(
        "day_before",
        "a day before",
        label=_("A day before"),
        setting="remind_day_before",
        lead=dt.timedelta(hours=24),
        grace=dt.timedelta(hours=6),
    ),
    ReminderKind(
        "two_hours",
        "two hours before",
        label=_("Two hours before"),
        setting="remind_two_hours",
        lead=dt.timedelta(hours=2),
        grace=dt.timedelta(hours=1),
    ),
)
REMINDER_SETTINGS = tuple(kind.setting for kind in REMINDER_KINDS)
LONGEST_LEAD = max(kind.lead for kind in REMINDER_KINDS)
_BY_VALUE = {kind.value: kind for kind in REMINDER_KINDS}


def reminder_kind(value: str) -> ReminderKind:
    return _BY_VALUE[value]
