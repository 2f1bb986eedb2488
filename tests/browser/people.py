"""Whose page a test looks at, how large, light or dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from accounts.models import User

SIZES = {"desktop": (1280, 800), "tablet": (820, 1180), "phone": (360, 740)}


class SignedIn(Protocol):
    def __call__(
        self, user: User, path: str, *, size: str = "desktop", dark: bool = False, script: bool = True
    ) -> Page: ...


def signed_in_pages(browser: Browser, server: str) -> Iterator[SignedIn]:
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(user: User, path: str, *, size: str = "desktop", dark: bool = False, script: bool = True) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=server,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            # Colours that fade in are measured half faded.
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": _session_of(user), "url": server}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error on {page.url}: {error.message}"))
        page.on("console", lambda message: _note_breach(message, faults))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == [], faults


def _session_of(user: User) -> str:
    """The form of sign-in has tests of its own, and costs a password hash."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _note_breach(message: ConsoleMessage, faults: list[str]) -> None:
    if "Content Security Policy" in message.text:
        faults.append(f"{message.location['url']}: {message.text}")
