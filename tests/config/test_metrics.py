from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.codes.issue import request_code
from core.refusals import TooOften

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def lines(**headers: str) -> list[str]:
    response = Client().get("/metrics", **headers)  # type: ignore[arg-type]
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    return response.content.decode().splitlines()


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_the_alarm_figures_are_the_databases(settings: Settings) -> None:
    settings.SMS_PER_COUNTRY_AN_HOUR, settings.SMS_IN_ALL_AN_HOUR = 2, 10
    for number in ("436601111111", "436602222222", "41791234567"):
        request_code(number=number, at=NOW)
    shown = lines()
    assert 'wardbook_sms_last_hour{scope="all"} 3.0' in shown
    assert 'wardbook_sms_ceiling_used{scope="AT"} 1.0' in shown
    assert 'wardbook_sms_ceiling_used{scope="CH"} 0.5' in shown
    assert 'wardbook_sms_ceiling_used{scope="all"} 0.3' in shown
    assert "43660" not in "".join(shown)


def counted(name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in lines() if line.startswith(name))


@pytest.mark.django_db
def test_a_refusal_is_counted_by_its_limit() -> None:
    name = 'wardbook_limits_reached_total{limit="number_sends"}'
    before = counted(name)
    request_code(number="436601111111", at=NOW)
    with pytest.raises(TooOften):
        request_code(number="436601111111", at=NOW)
    assert counted(name) == before + 1


@pytest.mark.django_db
def test_nobody_outside_sees_them() -> None:
    response = Client().get("/metrics", REMOTE_ADDR="93.184.216.34")
    assert (response.status_code, response.content) == (404, b"")
