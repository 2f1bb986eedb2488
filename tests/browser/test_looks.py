"""The checks of looks themselves: each refuses what it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looks import assert_accessible, assert_fits, press, tab_to

pytestmark = pytest.mark.slow

GOOD = """<html lang="en"><title>A page</title><main><h1>A page</h1>
<a id="there" href="#end">there</a><button onclick="document.title='pressed'">Do</button></main>"""


@pytest.fixture
def sheet(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def _change(page: Page, old: str, new: str) -> None:
    page.set_content(GOOD.replace(old, new))


def test_a_good_page_passes(sheet: Page) -> None:
    sheet.set_content(GOOD)
    assert_accessible(sheet)
    assert_fits(sheet)
    tab_to(sheet, sheet.get_by_role("link", name="there"))
    press(sheet, sheet.get_by_role("button", name="Do"))
    assert sheet.title() == "pressed"


@pytest.mark.parametrize(
    ("old", "new", "check", "told"),
    [
        ("Do</button>", "</button>", assert_accessible, r"button-name \(critical\)"),
        ("<h1>", '<h1 style="color: #bbb; background: #fff">', assert_accessible, r"color-contrast \(serious\)"),
        ("<h1>", '<h1 style="width: 5000px">', assert_fits, "wider than the window"),
        (
            'id="there" href="#end"',
            'role="link"',
            lambda page: tab_to(page, page.get_by_role("link", name="there")),
            "Tab never reaches",
        ),
        (
            'id="there"',
            'style="outline: none"',
            lambda page: tab_to(page, page.get_by_role("link", name="there")),
            "the focus is not seen",
        ),
    ],
    ids=["name", "contrast", "width", "keyboard", "focus"],
)
def test_a_bad_page_is_refused(old: str, new: str, check: Callable[[Page], None], told: str, sheet: Page) -> None:
    _change(sheet, old, new)
    with pytest.raises(AssertionError, match=told):
        check(sheet)


def test_what_cannot_be_mended_is_left_out_by_name(sheet: Page) -> None:
    _change(sheet, "Do</button>", "</button>")
    assert_accessible(sheet, leave_out=["button"])
