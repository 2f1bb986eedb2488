"""A browser without scripts: what the dashboards and the portal must work with."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bs4 import Tag
from mechanicalsoup import StatefulBrowser

T = TypeVar("T")
POLL_SECONDS = 0.2
ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
_SIGN_IN = re.compile(r"^\s+(?P<kind>doctor|pharmacist|admin|operator)\s+\S+\s+(?P<email>\S+@\S+)\s+\((?P<name>.+)\)$")
TIMEOUT_SECONDS = 20


class NotSo(Exception):
    """What the tour expected and did not see; the message is for people."""


def step(title: str) -> None:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.flush()


def saw(what: str) -> None:
    sys.stdout.write(f"  - {what}\n")
    sys.stdout.flush()


def check(is_so: bool, otherwise: str) -> None:
    """Raises: NotSo."""
    if not is_so:
        raise NotSo(otherwise)


def eventually(look: Callable[[], T | None], *, seconds: float, otherwise: str) -> T:
    """What `look` finds, as soon as it finds it: for what workers do. Raises: NotSo when the time is up."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise NotSo(f"{otherwise} (waited {seconds:.0f} s)")
        time.sleep(POLL_SECONDS)
    return found


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Stack:
    """`hospital` is the first of the demo's, with one of its doctors, pharmacists and admins."""

    web: str
    calcom: str
    vapi: str
    hospital: str
    doctor: SignIn
    pharmacist: SignIn
    admin: SignIn
    operator: SignIn
    password: str


def running_stack() -> Stack:
    """Raises: NotSo."""
    try:
        addresses = json.loads((VAR / "stack.json").read_text())
        lines = (VAR / "demo_signins.txt").read_text().splitlines()
    except FileNotFoundError as missing:
        name = Path(missing.filename).name
        raise NotSo(f"var/{name} does not exist. Start `make run` in another terminal first.") from None
    people: dict[str, SignIn] = {}
    for line in lines:
        match = _SIGN_IN.match(line)
        if match:
            people.setdefault(match["kind"], SignIn(match["email"], match["name"]))
    hospital = next(line.strip().rpartition(",")[0] for line in lines[1:] if line.strip())
    return Stack(
        web=addresses["web"],
        calcom=addresses["calcom"],
        vapi=addresses["vapi"],
        hospital=hospital,
        doctor=people["doctor"],
        pharmacist=people["pharmacist"],
        admin=people["admin"],
        operator=people["operator"],
        password=lines[0].rsplit(" ", 1)[-1],
    )


class StaffBrowser:
    def __init__(self, stack: Stack) -> None:
        self._web = stack.web
        self._browser = StatefulBrowser(raise_on_404=False)

    def sign_in(self, person: SignIn, password: str) -> None:
        self.open("/staff/login/")
        self.submit(email=person.email, password=password)
        check("/login/" not in self.url, f"{person.email} could not sign in")
        saw(f"{person.name} signed in and landed on {self.path}")

    @property
    def url(self) -> str:
        return str(self._browser.url)

    @property
    def path(self) -> str:
        return self.url.removeprefix(self._web)

    @property
    def text(self) -> str:
        return " ".join(self._browser.page.get_text(" ").split())

    def open(self, path: str) -> None:
        response = self._browser.open(path if path.startswith("http") else self._web + path, timeout=TIMEOUT_SECONDS)
        self._check(response, f"GET {path}")

    def links(self, containing: str) -> list[str]:
        """Addresses of the page's links that contain the text."""
        found = self._browser.page.find_all("a", href=True)
        return [str(link["href"]) for link in found if containing in str(link["href"])]

    def rows(self) -> list[str]:
        """The text of each row of the page's lists, from the top."""
        return [" ".join(row.get_text(" ").split()) for row in self._browser.page.select("table tbody tr")]

    def link_called(self, words: str) -> str:
        for link in self._browser.page.find_all("a", href=True):
            if words in " ".join(link.get_text(" ").split()):
                return str(link["href"])
        raise NotSo(f"{self.path} has no link called {words}")

    def form_beside(self, words: str) -> str:
        """Where the form of the list's item with these words goes."""
        for item in self._browser.page.find_all("li"):
            form = item.find("form", action=True)
            if form is not None and words in " ".join(item.get_text(" ").split()):
                return str(form["action"])
        raise NotSo(f"{self.path} has no form beside {words}")

    def names(self, containing: str) -> list[str]:
        """Names of the page's fields that contain the text, in their order."""
        fields = self._browser.page.find_all(["input", "select"])
        return [str(field["name"]) for field in fields if containing in str(field.get("name"))]

    def values(self, name_contains: str) -> list[str]:
        fields = self._browser.page.find_all(["input", "select"])
        return [str(field.get("value") or "") for field in fields if name_contains in str(field.get("name"))]

    def submit(self, *, to: str = "", button: str = "", **fields: str) -> None:
        """Fill the page's form (the one posted to an address containing `to`) and send it by the named button."""
        form = self._browser.select_form(self._form(to, fields))
        for name, value in fields.items():
            form.set(name, value)
        chosen = self._button(form.form, button)
        form.choose_submit(chosen)
        response = self._browser.submit_selected(timeout=TIMEOUT_SECONDS)
        self._check(response, f"the form of {self.path}")

    def _form(self, to: str, fields: dict[str, str]) -> Tag:
        forms: list[Tag] = self._browser.page.select("form[method=post]")
        for form in forms:
            action = str(form.get("action") or self.path)
            has_fields = all(form.select_one(f'[name="{name}"]') is not None for name in fields)
            if to in action and "logout" not in action and has_fields:
                return form
        raise NotSo(f"{self.path} has no form to {to or 'fill'}: {[form.get('action') for form in forms]}")

    def _button(self, form: Tag, words: str) -> Tag | None:
        buttons = form.select("button:not([type]), button[type=submit], input[type=submit]")
        return next((one for one in buttons if words in (one.get_text(" ").strip() or str(one.get("value")))), None)

    def _check(self, response: Any, what: str) -> None:
        check(response.status_code < 400, f"{what} answered {response.status_code}: {self.text[:300]}")
