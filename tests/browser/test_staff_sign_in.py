"""A second factor, and what a page does when its session has ended, in Chromium."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import StaffMail, User
from accounts.staff_sign_in.passwords import password_link
from tests.accounts.staff_sign_in.authenticator import code_at
from tests.cast import PASSWORD, HospitalCast
from tests.faults.harness import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[[int, int], Page]


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    contexts = []

    def new_page(width: int, height: int) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error.name}"))
        page.on("console", lambda message: _no_policy_breach(message.text))
        page.goto("/staff/login/")
        page.get_by_label("Email").fill("pharmacist@north.test")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        return page

    yield new_page
    for context in contexts:
        context.close()


def _no_policy_breach(text: str) -> None:
    assert "Content Security Policy" not in text


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_adding_a_second_factor_and_signing_in_with_it(
    width: int, height: int, open_page: OpenPage, north: HospitalCast
) -> None:
    page = open_page(width, height)
    page.get_by_label("Account").click()
    page.get_by_role("link", name="Two-factor authentication").click()
    picture = page.get_by_role("img", name=re.compile("The key as a picture"))
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    page.get_by_text("Cannot show it?").click()
    key = base64.b32decode(page.locator("p.font-mono").inner_text().replace(" ", "")).hex()
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Add second factor").click()
    expect(page.get_by_text("This is not the code the app shows for this key.")).to_be_visible()
    # Checked in the next half minute, it would pass for the code of a phone whose clock is late.
    until(lambda: timezone.now().timestamp() % 30 < 20)
    page.get_by_label("Code", exact=True).fill(code_at(timezone.now(), key))
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Add second factor").click()
    recovery = page.get_by_role("listitem").all_inner_texts()
    assert len(recovery) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("The queue is empty.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    again = open_page(width, height)
    expect(again.get_by_role("heading", name="Second step")).to_be_visible()
    expect(again.get_by_label("Code", exact=True)).to_be_focused()
    # The code of the next half minute: the present one is used up.
    again.get_by_label("Code", exact=True).fill(code_at(timezone.now() + dt.timedelta(seconds=30), key))
    again.get_by_role("button", name="Sign in").click()
    expect(again.get_by_text("The queue is empty.")).to_be_visible()

    without_phone = open_page(width, height)
    without_phone.get_by_label("Code", exact=True).fill(recovery[0])
    without_phone.get_by_role("button", name="Sign in").click()
    expect(without_phone.get_by_text("The queue is empty.")).to_be_visible()


@pytest.mark.parametrize(
    ("ending", "where"),
    [("idle", re.compile(r"/staff/login/\?next=/staff/pharmacy/$")), ("password", re.compile(r"/staff/password/$"))],
)
def test_a_poll_turns_the_page_when_the_session_has_ended(
    ending: str, where: re.Pattern[str], open_page: OpenPage, north: HospitalCast
) -> None:
    page = open_page(1280, 800)
    page.clock.install()
    page.goto("/staff/pharmacy/")
    expect(page.get_by_text("The queue is empty.")).to_be_visible()
    if ending == "idle":
        age_sessions()
    else:
        User.objects.filter(pk=north.pharmacist.pk).update(force_password_change=True)
    page.clock.run_for(10_000)
    expect(page).to_have_url(where)


def age_sessions() -> None:
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        session["active_at"] = (timezone.now() - dt.timedelta(minutes=30)).isoformat()
        session.save()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_a_mailed_link_is_opened_and_leaves_the_address(
    width: int, height: int, browser: Browser, live_server: LiveServer, north: HospitalCast
) -> None:
    fragment = password_link(north.pharmacist.user, StaffMail.Kind.RESET).partition("#")[2]
    asked: list[str] = []
    with browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        page.on("console", lambda message: _no_policy_breach(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/staff/password/set/?open#{fragment}")
        expect(page.get_by_label("The link from the mail")).to_be_hidden()
        assert page.url == f"{live_server.url}/staff/password/set/?open"
        page.get_by_role("button", name="Continue").click()
        for field in ("New password", "New password again"):
            page.get_by_label(field, exact=True).fill("quite-another-pass-phrase")
        page.get_by_role("button", name="Set password").click()
        expect(page.get_by_text("Your password is set.")).to_be_visible()
    # What the server is asked for holds no token; the fragment in the first is the browser's own.
    assert [url for url in asked if fragment in url.partition("#")[0]] == []
