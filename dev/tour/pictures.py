"""`make pictures`: takes the pictures of the documents anew, from a running demo that nobody has changed.

They show the day on which they are taken: best in the middle of a working day.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from dev.tour.browser import ROOT, NotSo, SignIn, Stack, running_stack, saw

PICTURES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
WIDE, PHONE = 1120, 375


@dataclass(frozen=True, slots=True)
class Picture:
    """`lead` goes from the page that a person lands on to the one that is shown."""

    name: str
    width: int
    height: int
    lead: Callable[[Page], None] = lambda _page: None


def _top(page: Page) -> None:
    page.evaluate("window.scrollTo(0, 0)")


def _week(page: Page) -> None:
    page.click("nav a:has-text('Week')")


def _patient(page: Page) -> None:
    """Somebody who has been here before."""
    page.click("article:has-text('returning') a, li:has-text('returning') a")
    page.wait_for_load_state()
    if "/patients/" not in page.url:
        page.click("a[href*='/patients/']:not([href$='/patients/'])")


def _prescribe(page: Page) -> None:
    _patient(page)
    page.click("a[href$='/prescribe/']")
    page.wait_for_load_state()
    page.fill("input[name$='-name']", "")
    page.type("input[name$='-name']", "am", delay=50)
    page.wait_for_timeout(800)


def _review(page: Page) -> None:
    page.click("a[href*='/staff/pharmacy/']:not([href$='/pharmacy/'])")


DOCTORS = (
    Picture("doctor-day", WIDE, 740, _top),
    Picture("doctor-week", WIDE, 620, _week),
    Picture("doctor-patient", WIDE, 700, _patient),
    Picture("doctor-prescribe", WIDE, 740, _prescribe),
    Picture("phone-day", PHONE, 740, _top),
)
PHARMACISTS = (Picture("pharmacy-queue", WIDE, 740), Picture("pharmacy-review", WIDE, 640, _review))
ADMINS = (Picture("portal-home", 1280, 820),)


def take_pictures(browser: Browser, stack: Stack) -> None:
    for person, pictures in ((stack.doctor, DOCTORS), (stack.pharmacist, PHARMACISTS), (stack.admin, ADMINS)):
        for picture in pictures:
            _take(browser, stack, person, picture)
            saw(f"{picture.name}.png")


def _take(browser: Browser, stack: Stack, person: SignIn, picture: Picture) -> None:
    page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
    page.goto(f"{stack.web}/staff/login/")
    page.fill("[name=email]", person.email)
    page.fill("[name=password]", stack.password)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    picture.lead(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{picture.name}.png")
    page.close()


def main() -> int:
    try:
        stack = running_stack()
    except NotSo as problem:
        sys.stdout.write(f"{problem}\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        take_pictures(browser, stack)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
