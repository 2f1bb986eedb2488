"""What the assistant may look up: in any shape, always answered, in one line each, and nothing of a patient."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import OperationalError, connection

from accounts.models import Patient, Profile
from hospitals.models import DoctorAvailability
from integrations.models import VapiEvent, VapiNumber
from integrations.vapi.tools.answers import TOOLS
from tests.cast import HospitalCast
from tests.integrations.calcom.conftest import Connected, calcom, connected, ready
from tests.integrations.vapi.messages import CALLED, CALLER, WORDS, message, post
from tests.integrations.vapi.phone import needs_samples, sample

__all__ = ["calcom", "connected", "ready"]

pytestmark = pytest.mark.django_db
MONDAY = "2050-09-05"
NOT_FOUND = "No doctor was found. Ask for another name or specialty."


@pytest.fixture
def line(north: HospitalCast, south: HospitalCast) -> HospitalCast:
    """North's number is the one that is called; there is another hospital."""
    VapiNumber.objects.create(number=CALLED.removeprefix("+"), hospital=north.hospital)
    return north


def use(name: str, shape: str = "object", **arguments: Any) -> dict[str, Any]:
    match shape:
        case "flat":
            return {"id": "call_1", "name": name, "arguments": arguments}
        case "parameters":
            return {"id": "call_1", "name": name, "parameters": arguments}
    given: Any = json.dumps(arguments) if shape == "text" else arguments
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": given}}


def ask(*uses: Any, **more: Any) -> list[dict[str, str]]:
    response = post(message("tool-calls", toolCallList=list(uses), **more))
    assert response.status_code == 200
    results: list[dict[str, str]] = json.loads(response.content)["results"]
    return results


def said(name: str, **arguments: Any) -> str:
    return ask(use(name, **arguments))[0]["result"]


@pytest.mark.parametrize("shape", ["object", "text", "flat", "parameters"])
def test_every_shape_is_understood(line: HospitalCast, shape: str) -> None:
    assert ask(use("find_doctors", shape, speciality="cardiologist")) == [
        {
            "name": "find_doctors",
            "toolCallId": "call_1",
            "result": "1 doctor: Dora North (Cardiology) at North, not bookable at the moment.",
        }
    ]
    event = VapiEvent.objects.get()
    assert (event.event_type, event.status) == ("tool-calls", "PROCESSED")
    assert (event.projection["tools"], event.projection["caller_verified"]) == (["find_doctors"], False)


@pytest.mark.parametrize("name", ["toolCalls", "toolWithToolCallList"])
def test_the_older_lists_are_understood(line: HospitalCast, name: str) -> None:
    made = use("hospital_hours")
    body = message("tool-calls", **{name: [made if name == "toolCalls" else {"type": "function", "toolCall": made}]})
    assert [one["toolCallId"] for one in json.loads(post(body).content)["results"]] == ["call_1"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"doctor": "Doctor North"}, "1 doctor: Dora North (Cardiology) at North, not bookable at the moment."),
        ({"doctor": "dr. dora"}, "1 doctor: Dora North (Cardiology) at North, not bookable at the moment."),
        ({"hospital": "South"}, "1 doctor: Dora South (Cardiology) at South, not bookable at the moment."),
        ({"specialty": "dentist"}, NOT_FOUND),
        ({"doctor": "%"}, NOT_FOUND),
        ({"doctor": 7, "hospital": None}, "1 doctor: Dora North (Cardiology) at North, not bookable at the moment."),
    ],
)
def test_doctors_are_found_as_people_say_them(line: HospitalCast, arguments: dict[str, Any], expected: str) -> None:
    assert said("find_doctors", **arguments) == expected


def test_who_cannot_be_seen_is_not_told(line: HospitalCast) -> None:
    line.doctor.user.is_active = False
    line.doctor.user.save()
    assert said("find_doctors") == NOT_FOUND
    line.hospital.is_active = False
    line.hospital.save()
    assert said("hospital_hours") == "No hospital of this name was found. Ask for its name again."


@pytest.mark.parametrize(
    ("date", "answer"),
    [
        (
            "2050-09-03",
            "3 September 2050 is over: today is 5 September 2050. Ask for a day from today on.",
        ),
        (
            "1990-01-01",
            "1 January 1990 is over: today is 5 September 2050. Ask for a day from today on.",
        ),
        (
            "2051-03-05",
            "5 March 2051 is too far ahead: times can be looked up until 4 March 2051. Ask for an earlier day.",
        ),
        (
            "9999-12-31",
            "31 December 9999 is too far ahead: times can be looked up until 4 March 2051. Ask for an earlier day.",
        ),
    ],
)
def test_a_day_that_is_over_or_too_far_ahead_is_said_to_be(
    connected: Connected, time_machine: Any, date: str, answer: str
) -> None:
    # Past midnight in Vienna, where the doctor is.
    time_machine.move_to(dt.datetime(2050, 9, 4, 22, 30, tzinfo=dt.UTC))
    assert said("find_slots", specialty="cardiology", date=date) == answer


@pytest.mark.parametrize("name", ["Müllner", "Dr. Muellner", "mullner", "D'Angelo", "dangelo", "Chiara"])
def test_doctors_are_found_however_their_names_are_spelled(line: HospitalCast, name: str) -> None:
    Profile.objects.filter(user=line.doctor.pk).update(full_name="Chiara D\u2019Angelo-Mu\u0308llner")
    assert said("find_doctors", doctor=name).startswith("1 doctor: Chiara D\u2019Angelo-Mu\u0308llner (")


def test_the_next_free_times_are_told(connected: Connected, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime(2050, 9, 4, 12, tzinfo=dt.UTC))
    answer = said("find_slots", specialty="cardiology", date=MONDAY)
    assert answer == (
        "Dora North: Monday 5 September 09:00, Monday 5 September 09:30, Monday 5 September 10:00."
        " Nothing is booked yet: the caller books in the app."
    )


def test_a_doctor_who_cannot_be_booked_has_no_times(line: HospitalCast) -> None:
    assert said("find_slots") == "These doctors cannot be booked at the moment. The hospital helps on its own number."


@pytest.mark.parametrize("date", ["tomorrow", "21.11.2026", "2026-13-40", [], 7.5, {"a": 1}])
def test_a_day_that_is_none_is_asked_again(line: HospitalCast, date: Any) -> None:
    assert said("find_slots", date=date) == (
        "The date must be written as year-month-day, such as 2026-11-21. Ask again."
    )


def test_hours_are_told_by_day(line: HospitalCast) -> None:
    line.hospital.address, line.hospital.emergency_text = "Ring 1", "Call 144.\nAt once."
    line.hospital.save()
    for start, end in (("08:00", "12:00"), ("13:00", "17:00")):
        DoctorAvailability.objects.create(doctor=line.doctor, day_of_week=1, start_time=start, end_time=end)
    DoctorAvailability.objects.create(doctor=line.doctor, day_of_week=3, start_time="09:00", end_time="11:30")
    assert said("hospital_hours") == (
        "North, Ring 1. Doctors see patients: Monday 08:00 to 12:00, 13:00 to 17:00; Wednesday 09:00 to 11:30."
        " In an emergency: Call 144. At once."
    )
    assert said("hospital_hours", hospital="South") == "South. The hours are not known here."
    VapiNumber.objects.all().delete()
    assert said("hospital_hours") == "Several hospitals fit. Ask which one: North, South."


def test_what_is_not_there_is_answered_in_words(line: HospitalCast) -> None:
    answers = ask(use("cancel_everything"), use("hospital_hours"), {"id": 5}, {})
    assert [answer["result"].split(".")[0] for answer in answers] == [
        "There is no such tool",
        "North",
        "There is no such tool",
        "There is no such tool",
    ]
    assert ask() == []
    assert ask("x", None, 5) == []
    assert VapiEvent.objects.order_by("pk")[0].projection["tools"] == [
        "unknown",
        "hospital_hours",
        "unknown",
        "unknown",
    ]


def test_many_questions_are_cut_short(line: HospitalCast) -> None:
    answers = ask(*[use("hospital_hours") for _ in range(7)])
    assert [answer["result"] for answer in answers[5:]] == ["Too many questions at once. Ask again, one at a time."] * 2
    # Not without end: each costs an answer.
    assert len(ask(*[use("hospital_hours") for _ in range(500)])) == 50


def test_without_a_database_there_is_still_an_answer(line: HospitalCast) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError

    with connection.execute_wrapper(refuse):
        assert said("find_doctors") == (
            "This cannot be looked up at the moment. Ask the caller to try the app or to call later."
        )


def test_a_doubled_question_is_answered_again_and_kept_once(line: HospitalCast) -> None:
    assert [said("hospital_hours") for _ in range(2)] == ["North. The hours are not known here."] * 2
    assert VapiEvent.objects.count() == 1


def test_tools_are_told_nothing_of_who_calls(line: HospitalCast, patient: Patient) -> None:
    arguments = {"caller_number": CALLER, "patient": "Paula Patient", "reason": WORDS}
    for name in TOOLS:
        answer = said(name, **arguments)
        assert "Paula" not in answer
        assert CALLER[1:] not in answer
    kept = str(list(VapiEvent.objects.values_list("projection", flat=True)))
    assert WORDS not in kept
    assert "Paula" not in kept


@needs_samples
def test_the_sample_is_answered_in_its_shape(line: HospitalCast) -> None:
    response = json.loads(post(sample("03-tool-calls")["message"]).content)
    expected = sample("20-response.tool-calls")["results"][0]
    assert response["results"][0].keys() == expected.keys()
    assert response["results"][0]["toolCallId"] == "call_A1"
