"""An emergency in a talk is answered at once."""

from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Patient
from clinical.assistant.emergencies import plain_words
from clinical.models import AiSession, ChatMessage
from tests.api.assistant import Memory
from tests.api.records import NOW
from tests.api.talking import SESSIONS, begin, say, transcript, work
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("clock", "assistant"),
    pytest.mark.usefixtures("nothing_leaves"),
]


@pytest.mark.parametrize(
    "words",
    [
        *(
            "I have CHEST  PAIN!",
            "Help, I can\u2019t breathe",
            "Hab ich einen Schlaganfall?",
            "ÜBERDOSIS",
            "dolor en el pecho",
        ),
        *(
            "Je n'arrive plus: j\u2019étouffe",
            "我胸痛得厉害",
            "Кажется, инсульт",
            "نوبة قلبية",
            "दिल का दौरा",
            "infarto?",
        ),
    ],
)
def test_an_emergency_is_answered_at_once_and_without_the_assistant(
    api: APIClient, assistant: Memory, north: HospitalCast, words: str
) -> None:
    north.hospital.emergency_text = "Call 144 now."
    north.hospital.save()
    session = begin(api, hospital=str(north.hospital.pk))
    answer = say(api, session, words)
    body = answer.json()
    assert (answer.status_code, body["reply"], body["is_emergency"], body["status"]) == (
        200,
        "Call 144 now.",
        True,
        "done",
    )
    assert body["session"]["transcript"] == transcript(session) == f"User: {' '.join(words.split())}\nAI: Call 144 now."
    work()
    assert assistant.asked == []


@pytest.mark.parametrize("words", ["Breaststroke is fun", "My pain is in the knee, not the chest", "the strokes", ""])
def test_words_within_words_are_no_emergency(api: APIClient, words: str) -> None:
    session = begin(api)
    assert say(api, session, words).status_code == (202 if words else 400)


def test_an_emergency_is_answered_whatever_stands_in_the_way(
    api: APIClient, assistant: Memory, patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    north.hospital.emergency_text = "Call 144 now."
    north.hospital.save()
    make_visit(patient, north.doctor, NOW - dt.timedelta(days=3))
    settings.CHAT_MESSAGES_A_MINUTE = 1
    session = begin(api)
    say(api, session, "Hello")
    assert say(api, session, "Ambulance! " + "x" * 9000).json()["reply"] == "Call 144 now."
    work()
    [hello, help_, text, reply] = (transcript(session) or "").split("\n")
    assert (hello, help_[:16], len(help_), text, reply) == (
        "User: Hello",
        "User: Ambulance!",
        2006,
        "AI: Call 144 now.",
        "AI: Answer 1.",
    )
    api.post(f"{SESSIONS}{session}/end/")
    assert say(api, session, "stroke").json()["is_emergency"] is True


def test_without_a_hospital_the_emergency_text_is_ours(api: APIClient) -> None:
    assert "112" in say(api, begin(api), "suicide").json()["reply"]


def own_words(cast: HospitalCast, words: str, text: str | None) -> None:
    cast.hospital.emergency_words, cast.hospital.emergency_text = words, text
    cast.hospital.save()


def test_the_hospitals_own_words_are_answered_with_its_text(
    api: APIClient, assistant: Memory, north: HospitalCast, south: HospitalCast
) -> None:
    own_words(north, "gas leak\nLöwenruf", "Ring the lion.")
    session = begin(api, hospital=str(north.hospital.pk))
    for words in ("I smell a GAS   leak", "lowenruf!", "chest pain"):
        assert say(api, session, words).json()["reply"] == "Ring the lion."
    # Another hospital's talk knows nothing of them.
    assert say(api, begin(api, hospital=str(south.hospital.pk)), "gas leak").status_code == 202
    work()
    assert assistant.asked[0][0] == "gas leak"


def test_without_a_text_of_the_hospitals_its_words_are_answered_with_ours(api: APIClient, north: HospitalCast) -> None:
    own_words(north, "gas leak", None)
    assert "112" in say(api, begin(api, hospital=str(north.hospital.pk)), "gas leak").json()["reply"]


def test_a_talk_about_no_hospital_knows_the_words_of_all_the_patients(
    api: APIClient, patient: Patient, north: HospitalCast, south: HospitalCast
) -> None:
    own_words(north, "gas leak", "Ring the lion.")
    own_words(south, "snake bite", "Ring the bear.")
    session = begin(api)
    assert say(api, session, "Hello").status_code == 202
    work()
    make_visit(patient, north.doctor, NOW - dt.timedelta(days=9))
    make_visit(patient, south.doctor, NOW - dt.timedelta(days=3))
    replies = [say(api, session, words).json()["reply"] for words in ("gas leak", "snake bite", "stroke")]
    assert replies == ["Ring the lion.", "Ring the bear.", "Ring the bear."]


def test_an_emergency_that_is_said_again_and_again_is_answered_and_not_written_without_end(
    api: APIClient, settings: Settings
) -> None:
    settings.CHAT_EMERGENCIES_A_TALK = 3
    session = begin(api)
    replies = [say(api, session, f"stroke {number}").json() for number in range(5)]
    assert {(one["is_emergency"], one["reply"][:30]) for one in replies} == {(True, "This may be an emergency. Call")}
    lines = (transcript(session) or "").split("\n")
    assert [line for line in lines if line.startswith("User:")] == [f"User: stroke {number}" for number in range(3)]
    assert ChatMessage.objects.count() == 3


def test_what_was_said_on_the_phone_stays_what_was_said(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    call = AiSession.objects.create(
        patient=patient, source="PHONE_CALL", transcript="User: Hello", hospital=north.hospital, start_time=NOW
    )
    first, again = (say(api, str(call.pk), "Ambulance!").json() for _ in range(2))
    assert transcript(str(call.pk)) == "User: Hello"
    written = first["session"]["id"]
    assert (first["is_emergency"], again["session"]["id"]) == (True, written)
    assert written != str(call.pk)
    talk = AiSession.objects.get(pk=written)
    assert (talk.source, talk.patient_id, talk.hospital_id) == ("APP", patient.pk, north.hospital.pk)
    assert (talk.transcript or "").count("User: Ambulance!") == 2


@pytest.mark.parametrize("sign", ["\ufdfa", "heart attac "])
def test_a_long_text_is_looked_through_at_both_ends_in_no_time(api: APIClient, sign: str) -> None:
    session, filling = begin(api), sign * (20_000 // len(sign))
    assert say(api, session, filling).json()["code"] == "message_too_long"
    for words in (f"Ambulance {filling}", f"{filling} ambulance"):
        assert say(api, session, words).json()["is_emergency"] is True
    assert len(plain_words(filling)) < 250_000
