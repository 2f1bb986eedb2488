from __future__ import annotations

import datetime as dt
import itertools
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.messages.reports import has_stopped_sms, record_sms_report
from accounts.models import SmsMessage

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=9)
NUMBER = "436601234567"
Status = SmsMessage.Status
_minutes = itertools.count()


def make(status: SmsMessage.Status = Status.SENT, **fields: object) -> SmsMessage:
    defaults = {"provider_id": "SM1", "created_at": NOW, "status_at": NOW} | fields
    return SmsMessage.objects.create(kind="sign_in_code", number=NUMBER, status=status, **defaults)


def report(status: SmsMessage.Status, *, reference: uuid.UUID | None = None, sid: str = "SM1") -> bool:
    code = "30003" if status == Status.FAILED else None
    return record_sms_report(reference=reference, provider_id=sid, status=status, error_code=code, at=LATER)


class AnyOrder(TestCase):
    @given(st.permutations([Status.SENT, Status.SENT, Status.FAILED, Status.DELIVERED, Status.DELIVERED]))
    def test_in_any_order_and_doubled_the_end_is_the_same(self, order: list[SmsMessage.Status]) -> None:
        SmsMessage.objects.all().delete()
        message = make(Status.SENDING)
        for status in order:
            report(status)
        message.refresh_from_db()
        assert (message.status, message.error_code, message.status_at) == ("delivered", None, LATER)


@pytest.mark.django_db
def test_a_report_before_the_answer_is_found_by_our_reference() -> None:
    for status in (Status.SENDING, Status.UNKNOWN, Status.QUEUED):
        message = make(status, provider_id=None)
        sid = f"SM-{message.pk}"
        assert report(Status.SENT, reference=message.pk, sid=sid)
        message.refresh_from_db()
        assert (message.status, message.provider_id) == ("sent", sid)


@pytest.mark.django_db
def test_a_reference_does_not_reach_a_message_that_has_another_id() -> None:
    message = make()
    assert not report(Status.DELIVERED, reference=message.pk, sid="SM2")
    assert not report(Status.DELIVERED, reference=uuid.uuid4(), sid="SM2")
    message.refresh_from_db()
    assert (message.status, message.status_at) == ("sent", NOW)


def outcome(status: SmsMessage.Status, error_code: str | None = None) -> None:
    at = NOW + dt.timedelta(minutes=next(_minutes))
    make(status, error_code=error_code, provider_id=None, created_at=at)


@pytest.mark.django_db
def test_who_answered_stop_is_known_until_a_message_is_taken_again() -> None:
    assert not has_stopped_sms(NUMBER)
    outcome(Status.SENT)
    assert not has_stopped_sms(NUMBER)
    outcome(Status.FAILED, "stopped")
    assert has_stopped_sms(NUMBER)
    outcome(Status.FAILED, "too_late")
    outcome(Status.QUEUED)
    outcome(Status.UNKNOWN, "sender_failed")
    assert has_stopped_sms(NUMBER)
    assert not has_stopped_sms("436600000000")
    assert not has_stopped_sms(None)
    outcome(Status.SENT)
    assert not has_stopped_sms(NUMBER)
