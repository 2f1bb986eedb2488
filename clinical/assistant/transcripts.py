"""Talks as they are written down: a line for each turn, begun by who speaks. No ORM, no clock."""

from __future__ import annotations

from collections.abc import Sequence

from clinical.assistant.session_bookings import ASSISTANT

PATIENT = "User:"
# Of each of the two turns that stand for a summary.
EXCERPT_LENGTH = 300


def lines_of(transcript: str | None) -> list[str]:
    return transcript.split("\n") if transcript else []


def with_turn(transcript: str | None, speaker: str, words: str) -> tuple[str, int]:
    """The transcript with one more turn, and the number of its line.

    A turn is one line, whatever it holds: what is said cannot begin a line of another speaker.
    """
    lines = lines_of(transcript)
    return "\n".join([*lines, f"{speaker} {one_line(words)}"]), len(lines)


def one_line(words: str) -> str:
    return " ".join(words.split())


def words_at(transcript: str | None, number: int | None) -> str | None:
    """What was said in this line; None where there is no such line, or no more."""
    lines = lines_of(transcript)
    if number is None or not 0 <= number < len(lines):
        return None
    _speaker, _, words = lines[number].partition(" ")
    return words


def first_and_last(transcript: str) -> str:
    """What stands for a summary where nobody made one."""
    lines = lines_of(transcript)
    ends: Sequence[str] = lines if len(lines) < 2 else (lines[0], lines[-1])
    return "\n".join(_excerpt(line) for line in ends)


def _excerpt(line: str) -> str:
    return line if len(line) <= EXCERPT_LENGTH else f"{line[: EXCERPT_LENGTH - 1]}…"


__all__ = ["ASSISTANT", "PATIENT", "first_and_last", "lines_of", "one_line", "with_turn", "words_at"]
