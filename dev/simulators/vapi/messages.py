"""Sends the simulator's server messages: signed, tried again, doubled or lost, as the switches say."""

from __future__ import annotations

import copy
import datetime as dt
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from dev.simulators.vapi.calls import IncomingCall, begin, finish, message, report_of, tool_message
from dev.simulators.vapi.world import DeliveryRecord, Faults, World
from integrations.vapi.inbound.signature import PREFIX, SECRET_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

MAX_ATTEMPTS = 4
RECEIVER_TIMEOUT_SECONDS = 20
# The sender's word that trying again is of no use.
NOT_RETRIED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class Target:
    """Where server messages go. `is_signed` chooses between the signature and the older shared secret."""

    url: str
    secret: str
    is_signed: bool
    retry_delay: float


class Switchboard:
    """Plays calls. Each is over, and all its messages sent, when `play` returns."""

    def __init__(self, world: World, target: Target | None, faults: Faults) -> None:
        self._world = world
        self._target = target
        self.faults = faults
        self._pause = threading.Event()

    def play(self, given: IncomingCall) -> dict[str, Any]:
        """What happened: the call's id, and what our server answered to its tools."""
        world = self._world
        with world.lock:
            call = begin(world, given)
        ended_at = call.created_at + dt.timedelta(seconds=given.seconds)
        if given.sends_status:
            self._send(message(call, given, "status-update", call.created_at, status="in-progress"))
        answer = self._send(tool_message(call, given, call.created_at)) if given.tools else ""
        with world.lock:
            finish(world, call, given, ended_at)
        report = message(call, given, "end-of-call-report", ended_at, **report_of(call, given, ended_at))
        if given.report == "before_ended":
            self._send(report)
        if given.sends_status:
            reason = given.ended_reason
            self._send(message(call, given, "status-update", ended_at, status="ended", endedReason=reason))
        for body in _reports(given, report):
            self._send(body)
        return {"id": call.id, "phoneCallProviderId": call.body.get("phoneCallProviderId"), "answer": answer}

    def _send(self, body: dict[str, Any]) -> str:
        """The receiver's last answer."""
        if self._target is None:
            return ""
        faults, world = self.faults.messages, self._world
        said = body["message"]
        if world.random.random() < faults.loss:
            self._note(said, DeliveryRecord(id="", type="", call_id=None, attempts=0, last_status=None, state="lost"))
            return ""
        raw = json.dumps(body, ensure_ascii=False).encode()
        answer = ""
        for _ in range(2 if world.random.random() < faults.duplicate else 1):
            answer = self._deliver(self._target, said, raw)
        return answer

    def _deliver(self, target: Target, said: dict[str, Any], raw: bytes) -> str:
        row = DeliveryRecord(id="", type="", call_id=None, attempts=0, last_status=None, state="failed")
        while row.attempts < MAX_ATTEMPTS:
            if row.attempts:
                self._pause.wait(target.retry_delay)
            row.attempts += 1
            row.last_status, row.answer = _post(target, raw)
            if row.last_status is not None and 200 <= row.last_status < 300:
                row.state = "delivered"
                break
            if row.last_status in NOT_RETRIED:
                break
        self._note(said, row)
        return row.answer

    def _note(self, said: dict[str, Any], row: DeliveryRecord) -> None:
        with self._world.lock:
            row.id, row.type, row.call_id = self._world.new_id(), said["type"], said["call"]["id"]
            self._world.keep(row)


def _reports(given: IncomingCall, report: dict[str, Any]) -> list[dict[str, Any]]:
    if given.report in ("missing", "before_ended"):
        return []
    again = []
    if given.report == "doubled":
        again = [report]
    elif given.report == "redelivered":
        other = copy.deepcopy(report)
        other["message"]["artifact"]["presignedMonoUrl"] = "https://storage.example/mono.wav?signature=second"
        again = [other]
    return [report, *again]


def _post(target: Target, raw: bytes) -> tuple[int | None, str]:
    headers = {"Content-Type": "application/json"}
    if target.is_signed:
        timestamp = str(round(time.time() * 1000))
        headers |= {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: PREFIX + sign(target.secret, timestamp, raw)}
    else:
        headers[SECRET_HEADER] = target.secret
    try:
        response = requests.post(
            target.url, data=raw, headers=headers, timeout=RECEIVER_TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException:
        return None, ""
    return response.status_code, response.text
