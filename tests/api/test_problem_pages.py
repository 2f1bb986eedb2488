from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from core.api.problems import PROBLEMS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_type_of_every_problem_opens_a_page_about_it(code: str) -> None:
    answer = Client().get(f"/api/problems/{code}/")
    text = html.unescape(re.sub(r"</?code>", "`", answer.content.decode()))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer["Cache-Control"] == "public, max-age=3600"
    for said in (PROBLEMS[code].title, PROBLEMS[code].means, PROBLEMS[code].do, f'"type": "/api/problems/{code}/"'):
        assert said in text


def test_all_problems_are_listed_with_their_pages() -> None:
    page = Client().get("/api/problems/").content.decode()
    assert re.findall(r'href="/api/problems/(\w+)/"', page) == list(PROBLEMS)


def test_a_problem_that_does_not_exist_has_no_page() -> None:
    answer = Client().get("/api/problems/nonsense/")
    assert (answer.status_code, answer.json()["type"]) == (404, "/api/problems/not_found/")
