"""What Cal.com holds, as its simulator shows it."""

from __future__ import annotations

from typing import Any

import requests

from dev.tour.app import TIMEOUT_SECONDS, Json
from dev.tour.stack import Stack

State = dict[str, Any]


def calcom(stack: Stack) -> State:
    answer = requests.get(f"{stack.calcom}/_simulator/state", timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    data: State = answer.json()["data"]
    return data


def schedule_of(state: State, email: str) -> Json:
    user = next(one for one in state["users"] if one["email"] == email)
    schedule: Json = next(one for one in state["schedules"] if one["ownerId"] == user["id"])
    return schedule


def start_of_day(schedule: Json, day: str) -> str | None:
    """When the doctor's day starts there."""
    return min((one["startTime"] for one in schedule["availability"] if day in one["days"]), default=None)


def hours_in(schedule: Json) -> set[tuple[str, str, str]]:
    return {(day, one["startTime"], one["endTime"]) for one in schedule["availability"] for day in one["days"]}


def edit_by_hand(stack: Stack, schedule: Json, changes: Json) -> None:
    address = f"{stack.calcom}/_simulator/users/{schedule['ownerId']}/schedules/{schedule['id']}"
    requests.patch(address, json=changes, timeout=TIMEOUT_SECONDS).raise_for_status()
