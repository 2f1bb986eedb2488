from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
import redis
import time_machine
from django.core.cache import cache
from pytest_django import Settings
from redis.connection import Connection
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.devices import throttles
from accounts.models import DeviceToken, Patient
from dev.embedded.server import free_port
from tests.api.records import client_with, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]

ME = "/api/v1/me/"


@pytest.fixture(autouse=True)
def _rates(settings: Settings) -> None:
    settings.API_CALLS_PER_TOKEN_A_MINUTE = 4
    settings.API_CALLS_PER_ADDRESS_A_MINUTE = 6


def statuses(client: APIClient, count: int, **headers: str) -> list[int]:
    return [client.get(ME, headers=headers or None).status_code for _ in range(count)]


def test_a_token_may_call_so_often_and_then_slowly(api: APIClient, clock: time_machine.Traveller) -> None:
    assert statuses(api, 5) == [200, 200, 200, 200, 429]
    refused = api.get(ME)
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "15"
    assert refused.json() == {
        "type": "/api/problems/too_many_requests/",
        "title": "Too many requests",
        "status": 429,
        "detail": "Please wait a moment before you try again.",
        "code": "too_many_requests",
        "errors": [],
        "request_id": refused["X-Request-ID"],
    }
    clock.shift(dt.timedelta(seconds=14))
    assert (statuses(api, 1), api.get(ME)["Retry-After"]) == ([429], "1")
    clock.shift(dt.timedelta(seconds=1))
    assert statuses(api, 2) == [200, 429]
    clock.shift(dt.timedelta(minutes=2))
    assert statuses(api, 5) == [200, 200, 200, 200, 429]


def test_every_answer_says_what_is_left(
    api: APIClient, anyone: APIClient, settings: Settings, clock: time_machine.Traveller
) -> None:
    policy = '"address";q=6;w=60, "device";q=4;w=60'
    answers = [api.get(ME) for _ in range(5)]
    assert {answer["RateLimit-Policy"] for answer in answers} == {policy}
    assert [answer["RateLimit"] for answer in answers] == [
        '"address";r=5;t=10, "device";r=3;t=15',
        '"address";r=4;t=20, "device";r=2;t=30',
        '"address";r=3;t=30, "device";r=1;t=45',
        '"address";r=2;t=40, "device";r=0;t=60',
        '"address";r=2;t=40, "device";r=0;t=60',
    ]
    clock.shift(dt.timedelta(seconds=30))
    assert api.get(ME)["RateLimit"] == '"address";r=4;t=20, "device";r=1;t=45'
    answer = anyone.get(ME)
    assert (answer["RateLimit-Policy"], answer["RateLimit"]) == ('"address";q=6;w=60', '"address";r=3;t=30')
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert not api.get(ME).has_header("RateLimit")


def test_an_address_counts_for_all_its_tokens(
    patient: Patient, other_patient: Patient, clock: time_machine.Traveller
) -> None:
    assert statuses(sign_in(patient), 4) == [200] * 4
    assert statuses(sign_in(other_patient), 3) == [200, 200, 429]


def test_made_up_tokens_end_at_the_address(clock: time_machine.Traveller) -> None:
    answers = [client_with(f"wrong{number}").get(ME).status_code for number in range(7)]
    assert answers == [401] * 6 + [429]


def test_who_has_no_token_is_counted_by_address(anyone: APIClient, clock: time_machine.Traveller) -> None:
    assert statuses(anyone, 7) == [401] * 6 + [429]


def test_what_is_refused_costs_nothing(api: APIClient, settings: Settings, clock: time_machine.Traveller) -> None:
    assert statuses(api, 20)[4:] == [429] * 16
    clock.shift(dt.timedelta(seconds=15))
    assert statuses(api, 1) == [200]


def test_other_pages_are_not_counted(anyone: APIClient, clock: time_machine.Traveller) -> None:
    assert {anyone.get("/staff/login/").status_code for _ in range(8)} == {200}


def test_without_redis_nothing_is_counted_and_redis_is_left_alone_for_a_second(
    api: APIClient, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    middleware = throttles.ThrottleMiddleware(lambda request: pytest.fail("not called"))
    request = api.get(ME).wsgi_request
    with capture_logs() as logs:
        assert [middleware._count(request) for _ in range(10)] == [(0, [])] * 10
    assert logs == [{"event": "throttle.off", "error": "ConnectionError", "log_level": "warning"}]
    assert statuses(api, 10) == [200] * 10


def test_a_redis_that_was_emptied_counts_anew(api: APIClient, clock: time_machine.Traveller) -> None:
    assert statuses(api, 5)[-1] == 429
    cache.clear()
    assert statuses(api, 5) == [200, 200, 200, 200, 429]


@pytest.mark.parametrize("lost", ["connection", "script"])
def test_what_redis_loses_between_two_calls_is_made_again(
    lost: str, api: APIClient, settings: Settings, clock: time_machine.Traveller
) -> None:
    assert statuses(api, 2) == [200, 200]
    with redis.Redis.from_url(settings.REDIS_URL) as client, capture_logs() as logs:
        if lost == "script":
            client.script_flush()
        else:
            assert client.client_kill_filter(_id=throttles._client(settings.REDIS_URL).client_id()) == 1
        assert statuses(api, 3) == [200, 200, 429]
    assert [log for log in logs if log["event"] == "throttle.off"] == []


def test_a_redis_that_was_never_there_is_asked_once(
    api: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    connect = Connection.connect_check_health

    def counted(self: Connection, **fields: Any) -> None:
        asked.append(self)
        connect(self, **fields)

    monkeypatch.setattr(Connection, "connect_check_health", counted)
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(redis.ConnectionError):
        throttles._ask(1, "throttle:nobody", repr(time.time()), throttles.PERIOD_SECONDS, 4)
    assert len(asked) == 1


def test_a_token_is_the_same_however_it_is_presented(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    _, token = DeviceToken.objects.create(user=patient.user)
    ways = ["Bearer {}", "bearer {}", "BEARER   {}", "Bearer {} ", "bEaReR {}"]
    answers = [anyone.get(ME, headers={"Authorization": way.format(token)}).status_code for way in ways]
    assert answers == [200, 200, 200, 200, 429]


def test_a_clock_that_was_set_back_shuts_nobody_out(api: APIClient, clock: time_machine.Traveller) -> None:
    assert api.get(ME).status_code == 200
    clock.shift(dt.timedelta(hours=-1))
    assert api.get(ME).status_code == 200
