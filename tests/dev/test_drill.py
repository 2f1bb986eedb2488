"""A dump is restored, compared and settled."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from accounts.access_log.record import AccessAction, record_access
from accounts.access_log.seals import seal_access_events
from accounts.models import SmsMessage
from dev.drill import DrillFailed, _compare, _digests, drill


def source() -> str:
    facts = connection.settings_dict
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_restored_dump_is_equal_verified_and_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_access(by=None, action=AccessAction.ERASED)
    seal_access_events(at=timezone.now())
    SmsMessage.objects.create(kind="reminder", number="436525550000")

    drill(source(), tmp_path / "drill", env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"})

    told = capsys.readouterr().out
    assert "counts and checksums are equal" in told
    assert "text messages: 1" in told
    assert "1 seals over 1 rows hold" in told
    assert "nothing that was queued would be sent again" in told


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_missing_or_changed_is_named() -> None:
    SmsMessage.objects.create(kind="reminder", number="436525550000")
    with psycopg.connect(source()) as other:
        before = _digests(other)
    SmsMessage.objects.update(number="436525550001")

    with pytest.raises(DrillFailed, match="sms_messages"):
        _compare(before, source())
