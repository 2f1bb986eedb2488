"""What every page must reach: for eyes that see badly, for a screen reader, on a narrow phone, without a mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

GRAVE = {"serious", "critical"}
# More than any page of ours has stops.
MOST_STOPS = 250

_axe = Axe()


def assert_accessible(page: Page, *, leave_out: Sequence[str] = ()) -> None:
    """No violation that axe-core calls serious or critical; `leave_out`: selectors of what we cannot mend."""
    context = {"exclude": [[selector] for selector in leave_out]} if leave_out else None
    found = _axe.run(page, context=context).response["violations"]
    grave = [_told(violation) for violation in found if violation["impact"] in GRAVE]
    assert grave == [], f"{page.url}\n" + "\n".join(grave)


def assert_fits(page: Page) -> None:
    """Nothing of the page lies beside the window; what scrolls by itself may be wider."""
    wide = page.evaluate(_TOO_WIDE)
    assert wide == [], f"{page.url}: wider than the window: {wide}"


def tab_to(page: Page, target: Locator) -> None:
    """Goes there by the Tab key alone, and sees where it is."""
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert page.evaluate(_SHOWS_FOCUS), f"{page.url}: the focus is not seen"
            return
    raise AssertionError(f"{page.url}: Tab never reaches {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def _told(violation: dict[str, Any]) -> str:
    nodes = "\n".join(f"    {node['target']} {node['html'][:200]}\n{_reasons(node)}" for node in violation["nodes"][:8])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}, {len(violation['nodes'])} times\n{nodes}"


def _reasons(node: dict[str, Any]) -> str:
    return "\n".join(f"      {check['message']}" for check in [*node["any"], *node["all"], *node["none"]])


_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > width + 1)
    .slice(0, 5)
    .map(element => element.outerHTML.slice(0, 120));
}"""
_SHOWS_FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
}"""
