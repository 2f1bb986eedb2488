"""Addresses whose ids PostgreSQL cannot hold: not found, by whoever asks."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.admin.test_access import signed_in
from tests.cast import HospitalCast

PAGES = ("change", "history", "delete")
IDS = ("%00", "a%00b", "_00", "99999999999999999999999", "\u00b2", "a" * 300)


@pytest.mark.parametrize("odd", IDS)
def test_no_id_of_a_page_of_the_portal_is_an_error(odd: str, north: HospitalCast) -> None:
    operator = User.objects.create(email="operator@wardbook.test", is_superuser=True)
    for user in (operator, north.admin):
        client = signed_in(user)
        for model in admin.site._registry:
            lists = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for page in PAGES:
                answer = client.get(f"{lists}{odd}/{page}/")
                # Django leads from an id that is not there to the home page, which says so.
                assert answer.status_code in (302, 403, 404), (lists, odd, page)
            for query in ("q", "p", "o", "all", "e", "_facets"):
                assert client.get(f"{lists}?{query}={odd}").status_code in (200, 302, 403, 404), (lists, odd, query)


@pytest.mark.parametrize(
    "path", ["/api/docs/", "/api/schema/", "/api/v1/appointments/", "/api/v1/nowhere/", "/staff/login/"]
)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "FOO"])
def test_no_method_is_an_error(method: str, path: str, db: None) -> None:
    assert Client().generic(method, path).status_code in (401, 403, 404, 405)
