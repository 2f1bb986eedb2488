"""What a dump took for work still to do, and the installation it was taken of may have done since.

Whatever was queued then is not sent again. Bookings are looked up in Cal.com before anything is asked of it; of
messages nobody can be asked, so they are given up, and counted for whoever restores.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from accounts.models import AccessEvent, AuditSeal, SmsMessage, StaffMail
from clinical.models import ChatMessage, VisitDecision, VisitReminder
from integrations.models import BookingRequest

log = structlog.get_logger(__name__)
RESTORED = "restored"
# Numbers of the access log and of its seals that were given out after the dump: none is given to another row.
NUMBERS_LEFT_OUT = 1_000_000
_NUMBERED: tuple[type[models.Model], ...] = (AccessEvent, AuditSeal)


@transaction.atomic
def settle_restored_dump(*, at: dt.datetime) -> dict[str, int]:
    """Call once, after a restore and before any worker starts; the number of rows of each kind.

    Again it changes nothing but the numbers left out.
    """
    settled = {kind: settle(at) for kind, settle in _KINDS.items()}
    for model in _NUMBERED:
        _leave_numbers_out(model)
    log.info("restored_dump.settled", **settled)
    return settled


def _text_messages(at: dt.datetime) -> int:
    """Also those being sent. Nothing sends one whose outcome is unknown."""
    rows = SmsMessage.objects.filter(status__in=[SmsMessage.Status.QUEUED, SmsMessage.Status.SENDING])
    return rows.update(status=SmsMessage.Status.UNKNOWN, error_code=RESTORED, status_at=at, next_try_at=None)


def _reminders(at: dt.datetime) -> int:
    rows = VisitReminder.objects.filter(state=VisitReminder.State.PLANNED, due_at__lte=at)
    return rows.update(state=VisitReminder.State.DROPPED, settled_at=at)


def _notices(at: dt.datetime) -> int:
    """Of visits that staff cancelled or gave to a colleague, where the patient was not told yet."""
    told = Q(choice=VisitDecision.Choice.CANCEL) | Q(choice=VisitDecision.Choice.REASSIGN)
    return VisitDecision.objects.filter(told, told_at__isnull=True, replaced_at__isnull=True).update(told_at=at)


def _mails(at: dt.datetime) -> int:
    rows = StaffMail.objects.filter(status__in=[StaffMail.Status.QUEUED, StaffMail.Status.SENDING])
    return rows.update(status=StaffMail.Status.FAILED, address=None, status_at=at, next_try_at=None)


def _chat_messages(at: dt.datetime) -> int:
    rows = ChatMessage.objects.filter(state__in=[ChatMessage.State.QUEUED, ChatMessage.State.SENT])
    return rows.update(state=ChatMessage.State.FAILED, settled_at=at)


def _bookings(at: dt.datetime) -> int:
    """As after an answer that never came: what is there is looked up first."""
    rows = BookingRequest.objects.filter(state__in=[BookingRequest.State.QUEUED, BookingRequest.State.SENT])
    return rows.update(
        state=BookingRequest.State.UNKNOWN,
        sent_at=Coalesce(F("sent_at"), F("created_at")),
        tries=Greatest(F("tries"), 1),
        next_try_at=None,
    )


_KINDS: dict[str, Callable[[dt.datetime], int]] = {
    "text_messages": _text_messages,
    "reminders": _reminders,
    "notices": _notices,
    "mails": _mails,
    "chat_messages": _chat_messages,
    "bookings": _bookings,
}


def _leave_numbers_out(model: type[models.Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        [sequence] = cursor.fetchone()
        cursor.execute(
            "SELECT setval(%s::regclass, nextval(%s::regclass) + %s)", [sequence, sequence, NUMBERS_LEFT_OUT]
        )
