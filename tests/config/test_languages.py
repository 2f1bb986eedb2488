"""Every page is whole in one language, whatever the browser asks for."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from tests.cast import HospitalCast
from tests.clinical.records import NOW

LANGUAGES = ["de-AT,de;q=0.9", "ar", "he", "fr-CA,en;q=0.1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_and_their_errors_are_english(language: str, client: Client, db: None) -> None:
    headers = {"Accept-Language": language}
    page = client.post("/staff/login/", {"email": "x"}, headers=headers).content.decode()
    assert '<html lang="en"' in page
    assert "This field is required." in page
    assert client.get("/staff/login/", headers=headers).headers["Content-Language"] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
@time_machine.travel(NOW, tick=False)
def test_dates_and_the_portal_are_english(language: str, north: HospitalCast) -> None:
    doctor, admin = Client(), Client()
    doctor.force_login(north.doctor.user)
    admin.force_login(north.admin)
    headers = {"Accept-Language": language}
    assert "Monday, 2 March" in doctor.get("/staff/doctor/", headers=headers).content.decode()
    portal = admin.get("/admin/hospitals/doctor/", headers=headers).content.decode()
    assert re.findall(r"<html[^>]*>", portal) == ['<html lang="en">']


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_api_answers_in_english(language: str, db: None) -> None:
    answer = APIClient().post("/api/v1/auth/otp/request/", {}, headers={"Accept-Language": language})
    assert "This field is required." in [error["detail"] for error in answer.json()["errors"]]
