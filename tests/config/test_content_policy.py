"""What a browser may run on our pages, to the letter: nothing written into a page, but what the portal's package and
the API's page of documentation need, and only there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.cast import HospitalCast

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
# Swagger UI sets inline styles.
DOCS = BASE | {"style-src": "'self' 'unsafe-inline'"}
# Everything whose pages are not the portal's or another package's.
STAFF_TEMPLATES = [
    *sorted((ROOT / "templates" / "accounts").rglob("*.html")),
    *sorted((ROOT / "templates" / "clinical").rglob("*.html")),
    *sorted((ROOT / "templates" / "_components").rglob("*.html")),
    *sorted((ROOT / "templates").glob("*.html")),
]
TAGS = re.compile(r"\{[%{#].*?[%}#]\}", re.DOTALL)
INLINE = re.compile(r"<style\b|<script\b(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def policy(client: Client, path: str) -> dict[str, str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";") if part.strip())


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/clinical/appointment/", "/admin/hospitals/doctor/add/", "/admin/accounts/accessevent/"],
)
def test_the_portal_runs_files_of_ours_alone(north: HospitalCast, path: str) -> None:
    client = Client()
    client.force_login(north.admin)
    assert policy(client, path) == BASE


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (None, "/staff/login/"),
        (None, "/staff/password/forgotten/"),
        ("doctor", "/staff/password/"),
        ("doctor", "/staff/second-factor/"),
        ("doctor", "/staff/doctor/"),
        ("pharmacist", "/staff/pharmacy/"),
        (None, "/no-such-page/"),
    ],
)
def test_the_dashboards_run_files_of_ours_alone(north: HospitalCast, who: str | None, path: str) -> None:
    client = Client()
    if who:
        client.force_login(getattr(north, who).user)
    assert policy(client, path) == BASE


def test_the_page_of_documentation_may_style_and_no_more(client: Client) -> None:
    assert policy(client, "/api/docs/") == DOCS


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/me/", "/api/v1/hospitals/", "/api/schema/"])
def test_answers_that_are_no_pages_open_nothing(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "unsafe" not in answer.headers.get("Content-Security-Policy", "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", STAFF_TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_of_the_dashboards_writes_script_or_style_into_a_page(path: Path) -> None:
    assert INLINE.findall(TAGS.sub("", path.read_text())) == []
