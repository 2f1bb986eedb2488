"""Senders for development and for tests: nothing leaves the machine."""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.utils import timezone

from accounts.ports import SentSms, SmsLine


class ConsoleSms:
    """Shows the message on the terminal and appends it to `var/sms.jsonl`. Production settings refuse it."""

    def send(self, *, to: str, text: str, valid_for_seconds: int, reference: uuid.UUID, line: SmsLine) -> SentSms:
        record = json.dumps({"to": to, "text": text, "at": timezone.now().isoformat()}, ensure_ascii=False)
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.VAR_DIR / "sms.jsonl").open("a", encoding="utf-8") as file:
            file.write(record + "\n")
        sys.stdout.write(f"SMS to +{to}: {text}\n")
        sys.stdout.flush()
        return SentSms(provider_id=f"console-{uuid.uuid4()}")


@dataclass(frozen=True, slots=True)
class MemorySmsMessage:
    to: str
    text: str
    valid_for_seconds: int
    line: SmsLine = SmsLine.ACCOUNT


class MemorySms:
    sent: ClassVar[list[MemorySmsMessage]] = []

    def send(self, *, to: str, text: str, valid_for_seconds: int, reference: uuid.UUID, line: SmsLine) -> SentSms:
        self.sent.append(MemorySmsMessage(to, text, valid_for_seconds, line))
        return SentSms(provider_id=f"memory-{uuid.uuid4()}")
