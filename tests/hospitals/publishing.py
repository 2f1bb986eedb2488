"""A publisher that remembers who was asked for: what the actions tell the port, without a vendor."""

from __future__ import annotations

import uuid

from hospitals.ports import PublishState

PATH = "tests.hospitals.publishing.RecordingPublisher"
wanted: list[uuid.UUID] = []


class RecordingPublisher:
    def want(self, doctor_id: uuid.UUID) -> None:
        wanted.append(doctor_id)

    def state(self, doctor_id: uuid.UUID) -> PublishState:
        return PublishState(is_in_step=not wanted, text="On the way." if wanted else "Published.")

    def address(self, doctor_id: uuid.UUID) -> str:
        return f"/admin/calendar/{doctor_id}/"
