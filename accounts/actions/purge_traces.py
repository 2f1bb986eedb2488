from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection

from accounts.actions.code_limits import ADDRESS_FAILURES, ADDRESS_SENDS, FAILURES, PHONE_CHANGES, SENDS
from accounts.limits import HOUR, MINUTE
from accounts.models import SendTally

_PURGE = "DELETE FROM guess_counters WHERE kind = ANY(%s) AND %s >= ALL (hits)"


def purge_sign_in_traces(*, at: dt.datetime) -> int:
    """Remove the numbers and addresses that no window counts any more; how many."""
    longest = max(settings.OTP_NUMBER_WINDOW, settings.OTP_ADDRESS_WINDOW)
    kinds = [SENDS, FAILURES, ADDRESS_SENDS, ADDRESS_FAILURES, PHONE_CHANGES]
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, [kinds, at - longest])
        removed: int = cursor.rowcount
    SendTally.objects.filter(minute__lte=at - HOUR - MINUTE).delete()
    return removed
