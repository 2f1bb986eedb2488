"""Every operation of the description, with requests made up from it: no crash, no answer outside the description."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import DeviceToken, Patient
from config.wsgi import application
from tests.api.records import make_prescription, make_session, make_visit
from tests.cast import HospitalCast

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
description = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))  # type: ignore[no-untyped-call]
description.app = application


@pytest.fixture
def token(patient: Patient, north: HospitalCast) -> Iterator[str]:
    # The requests run inside the test's own transaction, whose connection must outlive them.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    make_visit(patient, north.doctor, dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    make_prescription(patient, north.doctor)
    make_session(patient)
    _, secret = DeviceToken.objects.create(user=patient.user)
    yield secret
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@description.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_is_as_described(case: schemathesis.Case[Any], token: str) -> None:
    # The client does not unpack gzip.
    case.headers.update({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
    case.validate_response(case.call(), checks=CHECKS)
