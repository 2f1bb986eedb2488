from __future__ import annotations

from dev.stack.check import difference


def test_what_differs_is_shown() -> None:
    assert difference("a: 1\nb: 2\n", "a: 1\nb: 2\n") == []
    shown = difference("a: 1\nb: 2\n", "a: 1\nb: 3\n")
    assert shown[:2] == ["--- docs/openapi.yaml\n", "+++ what the code gives\n"]
    assert shown[3:] == [" a: 1\n", "-b: 2\n", "+b: 3\n"]
