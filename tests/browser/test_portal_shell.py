"""What is around each page of the portal, and the same in the dashboards: account menu, theme, side bar."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Dialog, Page, expect

from accounts.models import Patient
from tests.admin.records import book
from tests.browser.looks import assert_accessible, press, tab_to
from tests.browser.people import SignedIn
from tests.cast import HospitalCast

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOME, PROFILE = "/admin/", "/staff/profile/"


def is_dark(page: Page) -> bool:
    """As it is drawn, not as it was chosen."""
    lightness: str = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/)[0]")
    return float(lightness) < 0.5


def choose(page: Page, theme: str) -> None:
    page.get_by_label("Account").click()
    page.get_by_role("button", name=theme, exact=True).click()
    expect(page.get_by_role("button", name=theme, exact=True)).to_have_attribute("aria-pressed", "true")


def test_the_account_menu_closes_by_escape_and_by_a_click_beside_it(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, HOME)
    profile = page.get_by_role("link", name="Profile")
    press(page, page.get_by_label("Account"))
    expect(profile).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(profile).to_be_hidden()
    expect(page.get_by_label("Account")).to_be_focused()
    page.get_by_label("Account").click()
    page.get_by_role("heading", name="Needs attention").click()
    expect(profile).to_be_hidden()


@pytest.mark.parametrize("path", [HOME, PROFILE])
def test_the_account_menu_is_the_same_everywhere(path: str, signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, path)
    page.get_by_label("Account").click()
    names = page.locator(".account-panel").get_by_role("link").all_inner_texts()
    back = [] if path == HOME else ["Back to the portal"]
    assert names == [*back, "Profile", "Change password", "Two-factor authentication", "Help"]
    if back:
        page.get_by_role("link", name="Back to the portal").click()
        expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_theme_is_the_devices_until_another_is_chosen_and_then_kept_everywhere(
    dark: bool, signed_in: SignedIn, north: HospitalCast
) -> None:
    device, other = ("Device (dark)", "Light") if dark else ("Device (light)", "Dark")
    page = signed_in(north.admin, HOME, dark=dark)
    assert is_dark(page) is dark
    page.get_by_label("Account").click()
    expect(page.get_by_role("button", name=device)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    choose(page, other)
    assert is_dark(page) is not dark
    for path in (PROFILE, HOME):
        page.goto(path)
        assert is_dark(page) is not dark
    choose(page, device)
    page.goto(PROFILE)
    assert is_dark(page) is dark


def test_the_side_bar_stays_away_once_put_away(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, HOME)
    link = page.get_by_role("link", name="Access log")
    page.get_by_role("button", name="Side bar").click()
    expect(link).to_be_hidden()
    page.reload()
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Side bar").click()
    expect(link).to_be_visible()


def test_a_form_that_was_changed_asks_before_it_is_left(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, f"/admin/hospitals/doctor/{north.doctor.pk}/change/")
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    page.reload()
    assert asked == []
    page.get_by_label("Full name").fill("Dora Other")
    page.goto(HOME)
    assert asked == ["beforeunload"]


def test_a_day_of_the_chart_says_its_figures_when_it_has_the_focus(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    book(north, patient, timezone.now())
    page = signed_in(north.admin, HOME)
    today = page.locator(".chart-today").get_by_text("1 scheduled or completed, 0 cancelled, 0 no-show so far")
    expect(today).to_have_css("opacity", "0")
    tab_to(page, page.locator("a.chart-today"))
    expect(today).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="Paula Patient")).to_be_visible()
