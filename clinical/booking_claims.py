"""Whether somebody was told, in a talk with the assistant, that a visit is booked. Pure, and in English only.

A claim is no booking: one that never came about is shown to staff, who ask the patient.
"""

from __future__ import annotations

import re

# As talks are written down: a line each, begun by who speaks.
ASSISTANT = "AI:"

_DONE = r"(?:booked|scheduled|confirmed|reserved|arranged)"
_CLAIMS = re.compile(
    rf"\b(?:i have|i've|i|we have|we've)\s+(?:just |now |also |already )?{_DONE}\b"
    rf"|\b(?:you are|you're|you have been|you've been)\s+(?:now |all )?(?:{_DONE}|set)\b"
    rf"|\b(?:appointment|visit|booking|slot|time|it)\s+(?:is|has been|was)\s+(?:now |successfully |all )?{_DONE}\b"
    r"|\bbooked (?:you|it|that)\b"
    r"|\bi(?:'ve| have) (?:made|set up) (?:the|an|your) (?:appointment|booking)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|cannot|never|nothing|no|if|once|when|until|unless|would|shall|should)\b|n't", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


def says_booked(transcript: str | None) -> bool:
    """Whether the assistant, not the caller, says that a visit is booked."""
    spoken = (line.removeprefix(ASSISTANT) for line in (transcript or "").splitlines() if line.startswith(ASSISTANT))
    return any(_is_claim(sentence) for line in spoken for sentence in _SENTENCE.findall(line.replace("\u2019", "'")))


def _is_claim(sentence: str) -> bool:
    claim = _CLAIMS.search(sentence)
    if claim is None or sentence.rstrip().endswith("?"):
        return False
    # What comes after a claim takes nothing back: "I have booked it, do not be late".
    return _DENIES.search(sentence[: claim.end()]) is None
