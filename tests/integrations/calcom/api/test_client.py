from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from integrations.calcom.api.answers import read_answer, retry_after_seconds
from integrations.calcom.api.client import CalcomClient, CalcomConfig
from integrations.calcom.api.errors import (
    CalcomError,
    CalcomRateLimited,
    CalcomRefused,
    CalcomUnavailable,
    CalcomUnknownOutcome,
)
from integrations.calcom.api.requests import Attendee, BookingFilters, EventTypeInput, username_for
from tests.integrations.calcom.clinic import (
    BERLIN,
    HALF_HOUR,
    HOURS,
    MONDAY_TEN,
    TEAM_ID,
    Clinic,
    counts,
    next_call,
    open_clinic,
)

SECRETS = ("Pat Ient", "4915112345678", "dora@example.com", "Dora", "not well")


@pytest.fixture
def dead_client() -> Iterator[CalcomClient]:
    with socket.socket() as taken, requests.Session() as session:
        taken.bind(("127.0.0.1", 0))
        # Bound but not listening: connecting is refused.
        port = taken.getsockname()[1]
        yield CalcomClient(CalcomConfig(f"http://127.0.0.1:{port}", "key", 1), session=session)


@pytest.mark.parametrize("do", ["500", "502", "html", "drop"])
def test_a_write_that_fails_unclearly_has_an_unknown_outcome(clinic: Clinic, do: str) -> None:
    next_call(clinic.simulator, "POST /v2/bookings", do)
    with pytest.raises(CalcomUnknownOutcome):
        clinic.book()
    assert counts(clinic.simulator)["bookings"] == 0


@pytest.mark.parametrize("do", ["drop_after_commit", "half_body"])
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_though_it_happened(clinic: Clinic, do: str) -> None:
    next_call(clinic.simulator, "POST /v2/bookings", do)
    with pytest.raises(CalcomUnknownOutcome):
        clinic.book()
    found = list(clinic.client.iter_org_bookings(BookingFilters(after_start=MONDAY_TEN)))
    assert [booking.metadata for booking in found] == [{"ref": "r1"}]
    with pytest.raises(CalcomRefused) as refusal:
        clinic.book()
    assert refusal.value.is_unavailable is True


def test_a_write_that_times_out_has_an_unknown_outcome(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.calcom.api.transport.TIMEOUT_SECONDS", 0.2)
    next_call(clinic.simulator, "POST /v2/bookings", "hang", seconds=1)
    with pytest.raises(CalcomUnknownOutcome):
        clinic.book()


def test_slots_that_hang_are_unavailable(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.calcom.api.transport.SLOTS_TIMEOUT_SECONDS", 0.2)
    next_call(clinic.simulator, "GET /v2/slots", "hang", seconds=1)
    with pytest.raises(CalcomUnavailable):
        clinic.client.slots(event_type_id=clinic.event_type.id, start=MONDAY_TEN, end=MONDAY_TEN + HALF_HOUR)


@pytest.mark.parametrize("do", ["500", "502", "html", "drop", "drop_after_commit", "half_body"])
def test_a_read_that_fails_is_unavailable(clinic: Clinic, do: str) -> None:
    next_call(clinic.simulator, "GET /v2/me", do)
    with pytest.raises(CalcomUnavailable):
        clinic.client.me()
    assert clinic.client.me().organization_id == 1


def test_nothing_sent_is_unavailable_for_writes_too(dead_client: CalcomClient) -> None:
    with pytest.raises(CalcomUnavailable):
        dead_client.cancel_booking("u1")
    with pytest.raises(CalcomUnavailable):
        dead_client.me()


def test_a_used_up_budget_says_when_to_come_back(clinic: Clinic) -> None:
    next_call(clinic.simulator, "POST /v2/bookings", "429")
    with pytest.raises(CalcomRateLimited) as limited:
        clinic.book()
    assert (limited.value.retry_after, limited.value.status, limited.value.retryable) == (60, 429, True)


@pytest.mark.parametrize(("value", "seconds"), [("17", 17), ("", 60), ("0", 60), ("soon", 60), ("1767225600", 60)])
def test_the_wait_is_read_with_a_default(value: str, seconds: int) -> None:
    assert retry_after_seconds({"X-RateLimit-Reset-Default": value}) == seconds


def test_a_refusal_keeps_the_message_out_of_its_text(clinic: Clinic) -> None:
    booking = clinic.book()
    clinic.client.cancel_booking(booking.uid)
    with pytest.raises(CalcomRefused) as refusal:
        clinic.client.cancel_booking(booking.uid)
    assert str(refusal.value) == "calcom_refused cancel_booking 400 BadRequestException"
    assert booking.uid in refusal.value.message
    assert (refusal.value.is_already_cancelled, refusal.value.is_unavailable) == (True, False)
    assert refusal.value.retryable is False


def test_a_rescheduled_booking_names_its_successor(clinic: Clinic) -> None:
    old = clinic.book()
    new = clinic.client.reschedule_booking(old.uid, start=MONDAY_TEN + HALF_HOUR)
    with pytest.raises(CalcomRefused) as refusal:
        clinic.client.reschedule_booking(old.uid, start=MONDAY_TEN)
    assert refusal.value.is_already_rescheduled is True
    assert new.uid in refusal.value.message
    with pytest.raises(CalcomRefused) as refusal:
        clinic.client.cancel_booking(old.uid)
    assert refusal.value.is_already_cancelled is True


@pytest.mark.parametrize(
    ("status", "body", "is_write", "kind"),
    [
        (302, b"", True, CalcomUnknownOutcome),
        (302, b"", False, CalcomUnavailable),
        (403, b"<html>", True, CalcomUnknownOutcome),
        (408, b"{}", True, CalcomUnknownOutcome),
        (498, b'{"message": "expired"}', False, CalcomRefused),
        (200, b'{"status": "error", "error": "no"}', True, CalcomUnknownOutcome),
        (200, b"[]", False, CalcomUnavailable),
        (201, b'{"status": "succ', True, CalcomUnknownOutcome),
    ],
)
def test_answers_are_sorted(status: int, body: bytes, is_write: bool, kind: type[CalcomError]) -> None:
    with pytest.raises(kind) as raised:
        read_answer("op", is_write=is_write, status=status, headers={}, body=body)
    assert type(raised.value) is kind


def test_an_expired_key_is_a_credential_problem() -> None:
    with pytest.raises(CalcomRefused) as refusal:
        read_answer("me", is_write=False, status=498, headers={}, body=b'{"message": "expired"}')
    assert (refusal.value.is_credential_problem, refusal.value.message) == (True, "expired")


def test_a_vendor_code_with_other_text_in_it_is_not_repeated() -> None:
    assert str(CalcomRefused("op", status=400, vendor_code="Pat Ient <p@example.com>")) == "calcom_refused op 400"


def test_slots_are_asked_without_the_key(clinic: Clinic) -> None:
    sent: list[requests.PreparedRequest] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda response, *_a, **_k: sent.append(response.request))
        client = CalcomClient(clinic.simulator.config, session=session)
        client.slots(event_type_id=clinic.event_type.id, start=MONDAY_TEN, end=MONDAY_TEN + HALF_HOUR)
        client.me()
    assert ["Authorization" in request.headers for request in sent] == [False, True]


def test_all_pages_are_read(clinic: Clinic) -> None:
    made = [clinic.book(MONDAY_TEN + n * HALF_HOUR).uid for n in range(3)]
    filters = BookingFilters(sort_updated_at="asc")
    assert [row.uid for row in clinic.client.iter_org_bookings(filters, take=2)] == made
    page = clinic.client.list_org_bookings(filters, take=2)
    assert (page.rows, page.unreadable, page.has_next, page.total) == (2, 0, True, 3)


def test_emails_are_sent_in_lower_case(clinic: Clinic) -> None:
    made = clinic.client.create_org_user(email="Nora@Example.com", name="Nora", time_zone=BERLIN)
    assert (made.email, clinic.client.list_org_users(emails=["NORA@example.com"])) == ("nora@example.com", [made])
    with pytest.raises(CalcomRefused) as refusal:
        clinic.client.create_org_user(email="NORA@example.com", name="Nora", time_zone=BERLIN)
    assert refusal.value.is_conflict is True
    assert Attendee("P", BERLIN, email="Pat@Example.com").body()["email"] == "pat@example.com"
    assert BookingFilters(attendee_email="Pat@Example.com").query() == {"attendeeEmail": "pat@example.com"}


def test_a_row_that_cannot_be_read_stops_no_other(clinic: Clinic) -> None:
    users = [{"id": 1, "email": "a@x.org"}, {"id": "?", "email": None}, {"id": 2, "email": "b@x.org"}]
    booking = {"uid": "u", "status": "accepted", "start": "2050-09-05T08:00:00Z"}
    series = [booking | {"end": "2050-09-05T08:00:00Z"}, booking | {"end": "2050-09-05T08:30:00Z"}]
    answers = {"/v2/organizations/1/users": users, "/v2/bookings/u": series}
    with answering(answers) as client, capture_logs() as events:
        assert [user.id for user in client.list_org_users()] == [1, 2]
        assert [str(one.end) for one in client.get_bookings("u")] == ["2050-09-05 08:30:00+00:00"]
    assert [one["rows"] for one in events if one["event"] == "calcom.rows_unreadable"] == [1]


@contextmanager
def answering(answers: dict[str, Any]) -> Iterator[CalcomClient]:
    """A client of a server that has an answer by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "success", "data": answers[self.path.partition("?")[0]]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    client = CalcomClient(CalcomConfig(f"http://127.0.0.1:{server.server_port}", "key", 1))
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_naive_time_is_refused(clinic: Clinic) -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        clinic.book(MONDAY_TEN.replace(tzinfo=None))


def test_usernames_differ_by_the_address() -> None:
    assert username_for("Dr. Zoë O'Neil", "A@x.org") == username_for("Dr. Zoë O'Neil", "a@x.org")
    assert username_for("Ann", "a@x.org").startswith("ann-")
    assert username_for("Ann", "a@x.org") != username_for("Ann", "b@x.org")


def _refused_twice(clinic: Clinic, uid: str) -> None:
    for _ in range(2):
        clinic.client.cancel_booking(uid, reason="not well")


def test_logs_hold_neither_people_nor_uids(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with capture_logs() as events:
        booking = clinic.book()
        clinic.client.list_org_users(emails=["dora@example.com"])
        with pytest.raises(CalcomRefused) as refusal:
            _refused_twice(clinic, booking.uid)
    logged = f"{events} {caplog.text} {refusal.value}"
    assert [word for word in (*SECRETS, booking.uid) if word in logged] == []
    assert [(event["event"], event["operation"], event["status"], event["outcome"]) for event in events] == [
        ("calcom.call", "create_booking", 201, "ok"),
        ("calcom.call", "list_org_users", 200, "ok"),
        ("calcom.call", "cancel_booking", 200, "ok"),
        ("calcom.call", "cancel_booking", 400, "calcom_refused"),
    ]
    assert {frozenset(event) for event in events} == {
        frozenset({"event", "log_level", "operation", "status", "outcome", "took_ms"})
    }


def test_the_key_is_not_shown(simulator: SimulatorProcess) -> None:
    assert simulator.api_key not in repr(simulator.config)


REFUSED_CALLS: list[tuple[str, Callable[[Clinic], object], int]] = [
    ("unknown booking", lambda c: c.client.get_booking("nobody"), 404),
    ("unknown schedule", lambda c: c.client.get_user_schedule(c.doctor.id, 99), 404),
    ("deleted unknown schedule", lambda c: c.client.delete_user_schedule(c.doctor.id, 99), 400),
    ("someone else's schedule", lambda c: c.client.get_user_schedule(1, c.schedule.id), 403),
    ("unknown user", lambda c: c.client.create_user_schedule(99, HOURS), 403),
    ("unknown team", lambda c: c.client.list_team_event_types(99), 404),
    (
        "same address",
        lambda c: c.client.create_org_user(email="DORA@example.com", name="x", time_zone="UTC"),
        409,
    ),
    (
        "unknown zone",
        lambda c: c.client.create_org_user(email="n@x.org", name="x", time_zone="Mars/One"),
        400,
    ),
    ("confirm of accepted", lambda c: c.client.confirm_booking(c.book().uid), 400),
    ("absent before the start", lambda c: c.client.mark_absent(c.book().uid, attendee_email="p@x.org"), 400),
    ("same slug", lambda c: c.client.create_team_event_type(TEAM_ID, _visit(c)), 400),
]


def _visit(clinic: Clinic) -> EventTypeInput:
    return EventTypeInput(30, "Visit", "visit", [clinic.doctor.id])


@pytest.mark.parametrize(("call", "status"), [row[1:] for row in REFUSED_CALLS], ids=[row[0] for row in REFUSED_CALLS])
def test_refusals(clinic: Clinic, call: Callable[[Clinic], object], status: int) -> None:
    with pytest.raises(CalcomRefused) as refusal:
        call(clinic)
    assert refusal.value.status == status


def test_the_rate_limit_blocks_after_its_number_of_calls(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("limited") / "state.sqlite3"
    with start_simulator(state, rate_limit=6) as limited, requests.Session() as session:
        clinic = open_clinic(limited, session)
        clinic.client.me()
        clinic.client.me()
        with pytest.raises(CalcomRateLimited) as refusal:
            clinic.client.me()
        assert 55 <= refusal.value.retry_after <= 60
        # Keyless calls are counted by address.
        clinic.client.slots(event_type_id=clinic.event_type.id, start=MONDAY_TEN, end=MONDAY_TEN)
