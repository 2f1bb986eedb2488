"""Every page of the portal, light and dark, on a desk and on a phone: accessible, and within the window."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.access_log.break_glass import break_the_glass
from accounts.models import Patient, SmsMessage, User
from tests.admin.records import book, fill, read
from tests.browser.looks import assert_accessible, assert_fits, press, tab_to
from tests.browser.people import SignedIn
from tests.cast import PASSWORD, HospitalCast

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGES = {
    "home": "/admin/",
    "doctors": "/admin/hospitals/doctor/",
    "add doctor": "/admin/hospitals/doctor/add/",
    "doctor": "/admin/hospitals/doctor/{doctor}/change/",
    "hours": "/admin/hospitals/doctor/{doctor}/hours/",
    "access": "/admin/hospitals/doctor/{doctor}/access/",
    "email": "/admin/hospitals/doctor/{doctor}/email/",
    "appointments": "/admin/clinical/appointment/",
    "appointment": "/admin/clinical/appointment/{appointment}/change/",
    "reassign": "/admin/clinical/appointment/reassign/{doctor}/",
    "week": "/admin/clinical/appointment/calendar/",
    "doctor's week": "/admin/clinical/appointment/calendar/?doctor={doctor}",
    "conflicts": "/admin/clinical/appointment/conflicts/",
    "find": "/admin/find/?q=pau",
    "prescriptions": "/admin/clinical/prescription/",
    "AI sessions": "/admin/clinical/aisession/",
    "doctors in Cal.com": "/admin/integrations/callink/",
    "requests": "/admin/integrations/bookingrequest/",
    "emergencies": "/admin/emergencies/",
    "access log": "/admin/accounts/accessevent/",
    "line of the log": "/admin/accounts/accessevent/{accessevent}/change/",
}
OPERATORS_PAGES = {
    "home": "/admin/",
    "hospitals": "/admin/hospitals/hospital/",
    "hospital": "/admin/hospitals/hospital/{hospital}/change/",
    "break the glass": "/admin/break-glass/",
    "webhooks": "/admin/integrations/calwebhook/",
    "webhook": "/admin/integrations/calwebhook/{calwebhook}/change/",
    "replay": "/admin/integrations/calwebhook/replay/",
    "pulls": "/admin/integrations/syncrun/",
    "text messages": "/admin/text-messages/",
    "messages from Vapi": "/admin/integrations/vapievent/",
    "numbers of the assistant": "/admin/integrations/vapinumber/",
    "access log": "/admin/accounts/accessevent/?hospital={hospital}",
}


LIGHTS = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
WIDTHS = pytest.mark.parametrize("size", ["desktop", "phone"])


@LIGHTS
@WIDTHS
def test_the_admins_pages(size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    keys = fill(north, patient) | {"accessevent": read(north, patient).pk}
    book(north, None, timezone.now(), no_show=True)
    page = signed_in(north.admin, "/admin/", size=size, dark=dark)
    assert page.evaluate("document.documentElement.classList.contains('dark')") == dark
    assert_good(page, PAGES, keys)


@LIGHTS
@WIDTHS
def test_the_operators_pages(size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    keys = fill(north, patient)
    read(north, patient)
    for status, code in (("delivered", None), ("failed", "30003")):
        SmsMessage.objects.create(kind="sign_in_code", number="436601234567", status=status, error_code=code)
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason="A lost prescription.", at=timezone.now())
    assert_good(signed_in(operator, "/admin/", size=size, dark=dark), OPERATORS_PAGES, keys)


def test_a_list_is_filtered_by_keyboard(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    read(north, patient)
    page = signed_in(north.admin, "/admin/accounts/accessevent/", size="phone")
    press(page, page.get_by_role("button", name="Filters"))
    name = page.get_by_label("Name or phone number")
    expect(name).to_be_visible()
    assert_accessible(page)
    tab_to(page, name)
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("patient=nobody"))
    expect(page.get_by_text("0 rows")).to_be_visible()


def test_the_first_stop_skips_to_the_content(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, "/admin/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_side_bar_of_a_phone_opens_by_keyboard(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, "/admin/", size="phone")
    press(page, page.get_by_role("button", name="Menu"))
    press(page, page.get_by_role("link", name="Access log"))
    expect(page).to_have_url(re.compile("/accessevent/"))


def assert_good(page: Page, pages: dict[str, str], keys: dict[str, object]) -> None:
    """All faults of all pages at once."""
    faults = []
    for name, path in pages.items():
        page.goto(path.format(**keys))
        expect(page.locator("main h1")).to_have_count(1)
        faults += [f"{name}: {fault}" for fault in _faults(lambda: assert_accessible(page), lambda: assert_fits(page))]
    assert faults == [], "\n\n".join(faults)


def _faults(*checks: Callable[[], None]) -> list[str]:
    found = []
    for check in checks:
        try:
            check()
        except AssertionError as fault:
            found.append(str(fault))
    return found
