"""After a restore, what was queued at the dump's time may have been done since: nothing is sent twice."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.access_log.record import AccessAction, record_access
from accounts.access_log.seals import seal_access_events, verify_chain
from accounts.messages.local_senders import MemorySms
from accounts.messages.send_mail import send_staff_mail
from accounts.messages.send_sms import send_sms
from accounts.models import AccessEvent, Patient, SmsMessage, StaffMail
from clinical.models import VisitReminder
from clinical.reminders.actions import queue_due_reminders
from integrations.restored_dump import NUMBERS_LEFT_OUT, settle_restored_dump
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = pytest.mark.django_db


def test_messages_and_reminders_that_were_due_are_not_sent_again(north: HospitalCast, patient: Patient) -> None:
    now = timezone.now()
    visit = make_visit(patient, north.doctor, now + dt.timedelta(hours=3), patient_match="reference")
    for due_at in (now - dt.timedelta(minutes=5), now + dt.timedelta(hours=1)):
        kind = "day_before" if due_at < now else "two_hours"
        VisitReminder.objects.create(appointment=visit, kind=kind, start_ts=visit.start_ts, due_at=due_at)
    for status in ("queued", "sending"):
        SmsMessage.objects.create(kind="reminder", number="436601234567", status=status)
    StaffMail.objects.create(kind="reset", user=north.doctor.user, address="north@example.test")
    MemorySms.sent.clear()

    settled = settle_restored_dump(at=now)

    assert (settled["text_messages"], settled["reminders"], settled["mails"]) == (2, 1, 1)
    assert queue_due_reminders(at=now) == 0
    assert send_sms(at=now) == 0
    assert send_staff_mail(at=now) == 0
    assert MemorySms.sent == []
    assert set(SmsMessage.objects.values_list("status", "error_code")) == {("unknown", "restored")}
    # What comes due later is sent then.
    assert VisitReminder.objects.get(state="planned").due_at > now


def test_numbers_of_the_access_log_are_not_given_out_twice() -> None:
    record_access(by=None, action=AccessAction.ERASED)
    first = seal_access_events(at=timezone.now())
    assert first
    newest = AccessEvent.objects.latest("pk").pk

    settle_restored_dump(at=timezone.now())
    record_access(by=None, action=AccessAction.ERASED)
    second = seal_access_events(at=timezone.now())

    assert second
    assert AccessEvent.objects.latest("pk").pk > newest + NUMBERS_LEFT_OUT
    assert second.pk > first.pk + NUMBERS_LEFT_OUT
    assert verify_chain().broken is None


def test_the_command_says_how_many_of_each() -> None:
    told = StringIO()
    call_command("settle_restored_dump", stdout=told)

    assert told.getvalue().splitlines() == [
        "text messages: 0", "reminders: 0", "notices: 0", "mails: 0", "chat messages: 0", "bookings: 0",
    ]  # fmt: skip
