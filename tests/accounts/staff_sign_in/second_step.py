"""Signing in with a second factor as a browser does."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from tests.cast import PASSWORD

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=30)
PAGE, CODE_PAGE, LOGIN = "/staff/second-factor/", "/staff/login/code/", "/staff/login/"
DOCTOR = "doctor@north.test"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def password_step(client: Client, email: str = DOCTOR, next_: str = "") -> str:
    response = client.post(LOGIN, {"email": email, "password": PASSWORD, "next": next_})
    return response.headers["Location"]


def code_step(client: Client, code: str) -> tuple[int, str]:
    response = client.post(CODE_PAGE, {"code": code})
    return response.status_code, response.headers.get("Location", "")


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
