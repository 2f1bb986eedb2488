from __future__ import annotations

import datetime as dt
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import StaffMail, User
from accounts.staff_sign_in.passwords import LIFETIMES, password_link

log = structlog.get_logger(__name__)

BATCH = 50  # mails of one run, so that a task stays well inside its time limit
RETRY_AFTER = dt.timedelta(minutes=1)
# A mail still being sent after this long lost its worker.
STUCK_AFTER = dt.timedelta(minutes=3)
# A notice without a link that could not be sent for so long comes too late.
NOTICE_LIFETIME = dt.timedelta(days=3)

Status = StaffMail.Status


def send_staff_mail(*, at: dt.datetime) -> int:
    """Send the mails that wait, oldest first; the number of those that were dealt with.

    The link is made here, so that its time runs from the sending and no table holds it. A mail whose worker was lost
    goes out again: twice is better than not at all.
    """
    StaffMail.objects.filter(user=None).delete()
    StaffMail.objects.filter(status=Status.SENDING, status_at__lt=at - STUCK_AFTER).update(status=Status.QUEUED)
    handled = 0
    while handled < BATCH and (mail := _claim(at)) is not None:
        changes = _outcome(mail, at)
        StaffMail.objects.filter(pk=mail.pk, status=Status.SENDING).update(**changes, status_at=at)
        handled += 1
    return handled


@transaction.atomic
def _claim(at: dt.datetime) -> StaffMail | None:
    due = StaffMail.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=at), status=Status.QUEUED)
    locked = due.exclude(user=None).select_related("user").select_for_update(skip_locked=True, of=("self",))
    mail = locked.order_by("created_at", "id").first()
    if mail is None:
        return None
    mail.status, mail.status_at = Status.SENDING, at
    mail.tries += 1
    mail.save(update_fields=["status", "status_at", "tries"])
    return mail


def _outcome(mail: StaffMail, at: dt.datetime) -> dict[str, Any]:
    """The fields that change, after sending outside any transaction."""
    user: User = mail.user
    address, has_link = mail.address or user.email, mail.kind in LIFETIMES
    is_late = at >= mail.created_at + LIFETIMES.get(mail.kind, NOTICE_LIFETIME)
    if is_late or not address or (has_link and not user.is_active):
        return {"status": Status.FAILED, "address": None}
    try:
        send_mail(_subject(mail), _text(mail), settings.DEFAULT_FROM_EMAIL, [address])
    except (SMTPException, OSError) as error:
        log.warning("mail.not_sent", mail_id=str(mail.pk), error=type(error).__name__)
        return {"status": Status.QUEUED, "next_try_at": at + RETRY_AFTER}
    if has_link:
        record_access(
            by=None,
            action=AccessAction.SENT_PASSWORD_LINK,
            object_kind="user",
            object_id=user.pk,
            hospital_id=user.hospital_id,
            reason=mail.kind,
        )
    return {"status": Status.SENT, "address": None, "next_try_at": None}


def _subject(mail: StaffMail) -> str:
    if mail.kind == StaffMail.Kind.INVITATION:
        return _("Your access to Wardbook")
    if mail.kind == StaffMail.Kind.EMAIL_CHANGED:
        return _("Your email address for Wardbook was changed")
    return _("A new password for Wardbook")


def _text(mail: StaffMail) -> str:
    link = password_link(mail.user, mail.kind) if mail.kind in LIFETIMES else ""
    context = {"link": link, "base": settings.PUBLIC_BASE_URL}
    return render_to_string(f"accounts/mail/{mail.kind}.txt", context)
