"""What the simulated assistant says: no language model, the same words every time."""

from __future__ import annotations

from typing import Any

GREETING = "Hello, this is the hospital. How can I help?"
_ANSWERS = (
    (
        ("summar",),
        "{summary}",
    ),
    (("hello", "good morning", "good evening"), GREETING),
    (
        ("book", "appointment", "visit"),
        "I can tell you who has time. To book, choose a doctor and a time under Appointments.",
    ),
    (("prescription", "medicine"), "Your prescriptions are in the app under Prescriptions, with their state."),
    (("open", "hours"), "Please tell me which doctor you would like to see, and I will look at the hours."),
    (("thank", "bye"), "You are welcome. Take care."),
)
OTHERWISE = "I understand. Could you tell me a little more?"


def reply(text: str, history: list[dict[str, Any]]) -> str:
    """The answer to `text`, after the turns so far."""
    lowered = text.lower()
    for words, answer in _ANSWERS:
        if any(word in lowered for word in words):
            return answer.replace("{summary}", _summary(history))
    return OTHERWISE


def _summary(history: list[dict[str, Any]]) -> str:
    asked = [str(turn["content"]) for turn in history if turn.get("role") == "user"]
    return f"The patient wrote {len(asked)} messages, first: {asked[0]}" if asked else "Nothing was said."
