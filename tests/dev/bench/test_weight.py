from __future__ import annotations

import gzip

from dev.bench.weight import Weight, report, too_heavy, weight_of

PAGE = b"""<link rel="icon" href="/static/i.svg"><link rel="stylesheet" href="/static/build/a.css">
<script src="/static/a.js" defer></script><script src="/static/a.js"></script><a href="/elsewhere/">x</a>"""
STYLES = b"@font-face{src:url(icons.woff2)}p{background:url(data:image/svg)}"
FILES = {
    "http://server/": PAGE,
    "http://server/static/i.svg": b"<svg/>",
    "http://server/static/build/a.css": STYLES,
    "http://server/static/build/icons.woff2": b"font" * 100,
    "http://server/static/a.js": b"let a",
}


def test_a_page_weighs_what_a_browser_loads_for_it() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return FILES[url]

    found = weight_of("home", "http://server/", fetch)
    sent = sum(len(body) if url.endswith("woff2") else len(gzip.compress(body)) for url, body in FILES.items())
    assert found == Weight("home", len(PAGE), len(gzip.compress(PAGE)), sent, 5)
    assert sorted(asked) == sorted(FILES)


def test_what_is_too_heavy_is_named() -> None:
    light = Weight("home", 99_999, 9_000, 499_999, 14)
    assert too_heavy([light]) == []
    assert report([light])[-1] == "| home | 100.0      | 9.0    | 500.0      | 14       |"
    for heavy in (
        Weight("home", 100_000, 9_000, 1, 1),
        Weight("home", 1, 1, 500_000, 1),
        Weight("home", 1, 1, 1, 15),
    ):
        assert len(too_heavy([heavy])) == 1
