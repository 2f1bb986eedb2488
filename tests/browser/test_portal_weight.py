"""What a page of the portal weighs with nothing in the browser, and that it stands without scripts."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Page, Request, expect

from accounts.models import Patient
from tests.admin.records import fill, read
from tests.browser.looks import assert_fits
from tests.browser.people import SignedIn
from tests.browser.test_portal_looks import PAGES
from tests.cast import HospitalCast

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGE_BYTES = 500_000
MOST_REQUESTS = 14


def loaded(page: Page, path: str) -> list[str]:
    """The addresses that a browser asks for which has seen nothing of us."""
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(path, wait_until="networkidle")
    page.remove_listener("request", note)
    return asked


def weight(page: Page, url: str) -> int:
    """As a web server sends it: packed, but for what is packed already."""
    answer = page.request.get(url)
    assert answer.ok, url
    body = answer.body()
    return len(body) if url.endswith(".woff2") else len(gzip.compress(body))


def test_pages_are_light(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    keys = fill(north, patient) | {"accessevent": read(north, patient).pk}
    page = signed_in(north.admin, "/admin/")
    heavy, sizes = {}, dict[str, int]()
    for name, path in PAGES.items():
        asked = loaded(page, path.format(**keys))
        assert not [url for url in asked if re.search(r"chart|jquery|htmx|alpine", url)], name
        sizes |= {url: weight(page, url) for url in asked if url not in sizes}
        size = sum(sizes[url] for url in asked)
        if size > PAGE_BYTES or len(asked) > MOST_REQUESTS:
            heavy[name] = (size, len(asked), asked)
    assert heavy == {}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_page_stands_without_scripts(size: str, signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, "/admin/accounts/accessevent/", size=size, script=False)
    expect(page.get_by_role("heading", name="Access log")).to_be_visible()
    assert_fits(page)
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Name or phone number")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    if size == "phone":
        page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("link", name="Doctors", exact=True).click()
    expect(page).to_have_url(re.compile("/hospitals/doctor/"))
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/staff/login/"))
