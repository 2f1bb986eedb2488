"""Templates hold no text that cannot be translated, and no style that supposes which way it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
# The portal has only the classes that its package is built with.
OURS = [path for path in TEMPLATES if path.relative_to(ROOT).parts[0] not in {"admin", "unfold"}]
# All but what is for who builds an app.
TRANSLATED = [path for path in TEMPLATES if path.relative_to(ROOT).parts[0] != "api"]
# Names, and the letters of codes.
NOT_WORDS = {"Wardbook", "SMS", "UTC", "AI", "PDF", "CSV"}
_TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
_ELSEWHERE = re.compile(
    r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}|{%.*?%}|{{.*?}}|<(script|style|svg)\b.*?</\1>|<!--.*?-->", re.DOTALL
)
# Named in English, drawn as pictures.
_ICON = re.compile(r'<span[^>]*class="[^"]*material-symbols-outlined.*?</span>', re.DOTALL)
_SAID = re.compile(r'\b(?:aria-label|aria-description|title|alt|placeholder)="([^"]*)"')
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
# Left and right; what is written from right to left has start and end.
_SIDED = re.compile(
    r"(?<![\w-])-?(?:m[lr]|p[lr]|left|right|border-[lr]|rounded-(?:[lr]|[tb][lr])|scroll-[mp][lr])-[\w\[./]+"
    r"|(?<![\w-])(?:text|float|clear)-(?:left|right)(?![\w-])"
)


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_words_go_through_gettext(path: Path) -> None:
    text = _ICON.sub(" ", _ELSEWHERE.sub(" ", _TRANSLATED.sub(" ", path.read_text())))
    said = [*_SAID.findall(text), *_TAG.split(text)]
    words = {word for part in said for word in _WORD.findall(_without_entities(part))}
    assert words - NOT_WORDS == set()


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_sides_are_start_and_end(path: Path) -> None:
    assert _SIDED.findall(path.read_text()) == []


def test_the_styles_have_start_and_end_too() -> None:
    styles = "".join(path.read_text() for path in sorted(ROOT.rglob("*.css")))
    assert _SIDED.findall(styles) == []
    assert re.findall(r"\b(?:margin|padding|border)-(?:left|right)\b", styles) == []


def _without_entities(text: str) -> str:
    return re.sub(r"&#?\w+;", " ", text)
