from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.codes.limits import ADDRESS_FAILURES, ADDRESS_SENDS, FAILURES, PHONE_CHANGES, SENDS
from accounts.guessing.counters import purge
from accounts.models import StaffMail
from accounts.own_data.registry import EXPORTS
from accounts.staff_sign_in.tries import BUDGET_WINDOW, STAFF_KINDS

MAILS_KEPT = dt.timedelta(days=30)


def purge_sign_in_traces(*, at: dt.datetime) -> int:
    """Remove the numbers, emails and addresses that no window counts any more; how many. Ended sessions go too."""
    longest = max(settings.OTP_NUMBER_WINDOW, settings.OTP_ADDRESS_WINDOW, BUDGET_WINDOW)
    kinds = [SENDS, FAILURES, ADDRESS_SENDS, ADDRESS_FAILURES, PHONE_CHANGES, EXPORTS, *STAFF_KINDS]
    removed = purge(kinds=kinds, before=at - longest, at=at)
    Session.objects.filter(expire_date__lte=at).delete()
    StaffMail.objects.filter(created_at__lte=at - MAILS_KEPT).delete()
    return removed
