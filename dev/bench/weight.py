"""What our pages weigh over the wire in a browser that has nothing of us yet."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import requests

from dev.bench.measure import TIMEOUT_SECONDS, Target

MOST_BYTES, MOST_REQUESTS = 500_000, 14
# Of a list of 50 rows, before it is packed.
MOST_HTML = 100_000
# Packed already.
_PACKED = (".woff2", ".png")
_LOADED = re.compile(r'(?:<script[^>]*\ssrc|<link[^>]*\shref)="([^"]+)"')
_NAMED_IN_STYLES = re.compile(r'url\(["\']?([^"\')]+)')

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Weight:
    """In bytes. `html` is the page as it is read, the rest as it is sent: `page`, and all that is loaded with it."""

    name: str
    html: int
    page: int
    first_load: int
    requests: int


def weigh(target: Target) -> Weight:
    session = requests.Session()
    headers = target.row.headers(target.subjects)

    def fetch(url: str) -> bytes:
        answer = session.get(url, headers=headers, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.content

    return weight_of(target.row.name, target.url, fetch)


def weight_of(name: str, url: str, fetch: Fetch) -> Weight:
    page = fetch(url)
    loaded = dict(_parts(url, page, fetch))
    first_load = packed(url, page) + sum(packed(one, body) for one, body in loaded.items())
    return Weight(name, len(page), packed(url, page), first_load, 1 + len(loaded))


def _parts(url: str, page: bytes, fetch: Fetch) -> Iterator[tuple[str, bytes]]:
    """Scripts, icons and style sheets, and the fonts that these name."""
    for name in dict.fromkeys(_LOADED.findall(page.decode())):
        address = urljoin(url, name)
        body = fetch(address)
        yield address, body
        if address.endswith(".css"):
            fonts = [one for one in _NAMED_IN_STYLES.findall(body.decode()) if one.endswith(_PACKED)]
            for font in dict.fromkeys(fonts):
                yield urljoin(address, font), fetch(urljoin(address, font))


def packed(url: str, body: bytes) -> int:
    return len(body) if url.endswith(_PACKED) else len(gzip.compress(body))


def report(weights: Sequence[Weight]) -> list[str]:
    """A table, and what is too heavy."""
    rows: list[tuple[str, ...]] = [("page", "kB of HTML", "packed", "first load", "requests"), ("---",) * 5]
    rows += [
        (one.name, *(f"{size / 1000:.1f}" for size in (one.html, one.page, one.first_load)), str(one.requests))
        for one in weights
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    made = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [*made, *too_heavy(weights)]


def too_heavy(weights: Sequence[Weight]) -> list[str]:
    return [
        f"Missed. {one.name}: {one.html:,} B of HTML, {one.first_load:,} B and {one.requests} requests at first; "
        f"{MOST_HTML:,} B, {MOST_BYTES:,} B and {MOST_REQUESTS} at most"
        for one in weights
        if one.html >= MOST_HTML or one.first_load >= MOST_BYTES or one.requests > MOST_REQUESTS
    ]
