"""The portal's font has the icons that icons.txt names: one that is not there would be read as a word."""

from __future__ import annotations

import re
from pathlib import Path

from fontTools.ttLib import TTFont

from accounts.roles import STAFF_KINDS
from config.settings.unfold import UNFOLD

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.sub(r"#.*", "", (ROOT / "templates" / "_styles" / "icons.txt").read_text()).split()
IN_TEMPLATES = re.compile(r"material-symbols-outlined[^>]*>\s*([a-z0-9_]+)\s*<")


def used() -> set[str]:
    menu = {item["icon"] for group in UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]}
    pages = (path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    return menu | {kind.icon for kind in STAFF_KINDS} | {name for page in pages for name in IN_TEMPLATES.findall(page)}


def test_every_icon_that_is_used_is_named() -> None:
    assert used() - set(NAMED) == set()


def test_the_built_font_has_them() -> None:
    font = TTFont(ROOT / "static" / "build" / "icons.woff2")
    letter = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    spelled = [
        "".join(letter[glyph] for glyph in (first, *ligature.Component))
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
        for first, ligatures in getattr(table, "ExtSubTable", table).ligatures.items()
        for ligature in ligatures
    ]
    assert set(NAMED) <= set(spelled)
