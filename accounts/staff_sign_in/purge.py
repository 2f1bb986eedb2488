from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from accounts.codes.limits import ADDRESS_FAILURES, ADDRESS_SENDS, FAILURES, PHONE_CHANGES, SENDS
from accounts.models import SendTally, StaffMail
from accounts.own_data.export import EXPORTS
from accounts.staff_sign_in.tries import BUDGET_WINDOW, STAFF_KINDS
from core.rate_windows import HOUR, MINUTE

MAILS_KEPT = dt.timedelta(days=30)

_PURGE = "DELETE FROM guess_counters WHERE kind = ANY(%s) AND %s >= ALL (hits)"


def purge_sign_in_traces(*, at: dt.datetime) -> int:
    """Remove the numbers, emails and addresses that no window counts any more; how many. Ended sessions go too."""
    longest = max(settings.OTP_NUMBER_WINDOW, settings.OTP_ADDRESS_WINDOW, BUDGET_WINDOW)
    kinds = [SENDS, FAILURES, ADDRESS_SENDS, ADDRESS_FAILURES, PHONE_CHANGES, EXPORTS, *STAFF_KINDS]
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, [kinds, at - longest])
        removed: int = cursor.rowcount
    Session.objects.filter(expire_date__lte=at).delete()
    StaffMail.objects.filter(created_at__lte=at - MAILS_KEPT).delete()
    SendTally.objects.filter(minute__lte=at - HOUR - MINUTE).delete()
    return removed
