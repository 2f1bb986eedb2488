"""Every page of the portal, light and dark, on a desk and on a phone: accessible, and within the window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Patient
from tests.admin.records import book, fill
from tests.browser.looks import assert_accessible, assert_fits
from tests.browser.people import SignedIn
from tests.cast import HospitalCast

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGES = {
    "home": "/admin/",
    "doctors": "/admin/hospitals/doctor/",
    "add doctor": "/admin/hospitals/doctor/add/",
    "doctor": "/admin/hospitals/doctor/{doctor}/change/",
    "hours": "/admin/hospitals/doctor/{doctor}/hours/",
    "access": "/admin/hospitals/doctor/{doctor}/access/",
    "appointments": "/admin/clinical/appointment/",
    "appointment": "/admin/clinical/appointment/{appointment}/change/",
    "prescriptions": "/admin/clinical/prescription/",
    "AI sessions": "/admin/clinical/aisession/",
    "doctors in Cal.com": "/admin/integrations/callink/",
    "requests": "/admin/integrations/bookingrequest/",
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_admins_pages(size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    keys = fill(north, patient)
    book(north, None, timezone.now(), no_show=True)
    page = signed_in(north.admin, "/admin/", size=size, dark=dark)
    assert page.evaluate("document.documentElement.classList.contains('dark')") == dark
    faults = []
    for name, path in PAGES.items():
        page.goto(path.format(**keys))
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
