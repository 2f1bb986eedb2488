"""A real browser against a real server. Without Chromium these tests are skipped, and say so, unless CI is set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.people import SignedIn, signed_in_pages

CHROMIUM = Path("/usr/bin/chromium")
# Root may not have a sandbox; the rest is what no page here needs, and costs a tenth of the processor time.
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-extensions", "--disable-background-networking"),
)


@pytest.fixture(scope="session", autouse=True)
def _chromium() -> None:
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium at /usr/bin/chromium: install Debian's `chromium` package")


@pytest.fixture(scope="session", autouse=True)
def _sync_calls_beside_a_loop() -> Iterator[None]:
    # Playwright leaves a running loop in the main thread, which Django takes for an async mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": [*CHROMIUM_FLAGS]}


@pytest.fixture
def signed_in(browser: Browser, live_server: LiveServer) -> Iterator[SignedIn]:
    """`signed_in(north.admin, "/admin/", size="phone", dark=True)`. Script errors and policy breaches fail."""
    yield from signed_in_pages(browser, live_server.url)
