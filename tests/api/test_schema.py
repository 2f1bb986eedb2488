from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.serializers import Serializer
from rest_framework.test import APIClient

from accounts.models import DeviceToken, Patient
from accounts.people import serializers as accounts
from clinical.assistant.serializers import AiSessionSerializer, AiSessionSummarySerializer
from clinical.prescriptions.api import PrescriptionSerializer
from clinical.visits.doctors_api import DoctorSerializer
from clinical.visits.document import AppointmentSerializer, own_visit
from hospitals.staff import serializers as hospitals
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_session, make_visit
from tests.clinical.visits.test_appointments import START


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return schema


def test_the_committed_description_is_the_one_the_code_gives(tmp_path: Path) -> None:
    """`manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml` writes it anew."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == (Path(django_settings.BASE_DIR) / "docs" / "openapi.yaml").read_text()


def test_every_operation_but_the_sign_in_needs_a_token(document: dict[str, Any]) -> None:
    open_to_all = {
        path for path, item in document["paths"].items() for operation in item.values() if {} in operation["security"]
    }
    sign_in = document["paths"]["/api/v1/auth/otp/verify/"]["post"]
    assert "401" not in sign_in["responses"]
    # A token is of use: a known device has limits of its own.
    assert sign_in["security"] == [{}, {"bearer": []}]
    assert open_to_all == {"/api/v1/auth/otp/request/", "/api/v1/auth/otp/verify/"}


def test_refusals_are_described_with_their_codes(document: dict[str, Any]) -> None:
    answers = document["paths"]["/api/v1/appointments/"]["post"]["responses"]
    assert sorted(answers) == ["201", "202", "400", "401", "403", "406", "409", "413", "415", "422", "429", "default"]
    assert answers["422"]["description"] == "`idempotency_key_reused`"
    assert answers["422"]["content"] == {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": {"idempotency_key_reused": {"$ref": "#/components/examples/idempotency_key_reused"}},
        }
    }
    assert document["components"]["examples"]["step_up_locked"]["value"]["status"] == 403


def test_every_operation_has_a_name_of_its_own_and_says_what_else_may_go_wrong(document: dict[str, Any]) -> None:
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)] == []
    assert len(set(names)) == len(names)
    problem = {"$ref": "#/components/schemas/Problem"}
    assert {
        str(one["responses"]["default"]["content"]["application/problem+json"]["schema"]) for one in operations
    } == {str(problem)}


def test_what_may_grow_is_no_closed_list(document: dict[str, Any]) -> None:
    """A generated client fails at a value that its closed list does not have."""
    schemas = document["components"]["schemas"]
    growing = {
        "Problem.code": schemas["Problem"]["properties"]["code"],
        "FieldError.code": schemas["FieldError"]["properties"]["code"],
        "BookingOutcome.code": schemas["BookingOutcome"]["properties"]["code"],
        "AccessEvent.kind": schemas["AccessEvent"]["properties"]["kind"],
        "AccessEvent.actor_role": schemas["AccessEvent"]["properties"]["actor_role"],
    }
    assert {name: "enum" in shape for name, shape in growing.items()} == dict.fromkeys(growing, False)
    assert {name for name, shape in growing.items() if len(shape["x-extensible-enum"]) < 4} == set()
    assert "NullEnum" not in schemas


def test_every_operation_has_examples_that_are_as_described(document: dict[str, Any]) -> None:
    missing = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            bodies = {**operation["responses"], "request": operation.get("requestBody", {})}
            for name, body in bodies.items():
                for kind, media in body.get("content", {}).items():
                    found = [one["value"] for one in media.get("examples", {}).values() if "value" in one]
                    if kind == "application/json" and not found:
                        missing.append(f"{method} {path} {name}")
                    for value in found:
                        validator = Draft202012Validator({**media["schema"], "components": document["components"]})
                        validator.validate(value)
    assert missing == []


@pytest.mark.django_db
def test_what_is_described_is_what_is_sent(patient: Patient, north: HospitalCast) -> None:
    class Request:
        auth = DeviceToken.objects.create(user=patient.user)[0]

    shown: list[Serializer[Any]] = [
        accounts.MeSerializer(patient),
        accounts.DeviceSerializer(Request.auth, context={"request": Request}),
        hospitals.HospitalSerializer(north.hospital),
        DoctorSerializer(north.doctor, context={"bookable": set()}),
        AppointmentSerializer(own_visit(make_visit(patient, north.doctor, START).pk, by=patient.user)),
        PrescriptionSerializer(make_prescription(patient, north.doctor)),
        AiSessionSummarySerializer(make_session(patient)),
        AiSessionSerializer(make_session(patient)),
    ]
    for serializer in shown:
        assert set(serializer.to_representation(serializer.instance)) == set(serializer.fields), serializer


@pytest.mark.django_db
def test_anyone_may_read_the_description(anyone: APIClient) -> None:
    answer = anyone.get("/api/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"] == "3.1.1"


def test_the_description_is_made_once(anyone: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = anyone.get("/api/schema/").content
    monkeypatch.setattr(SchemaGenerator, "get_schema", pytest.fail)
    assert anyone.get("/api/schema/").content == first


@pytest.mark.django_db
def test_the_docs_page_runs_no_inline_script_and_asks_no_other_host(anyone: APIClient) -> None:
    answer = anyone.get("/api/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>" not in page
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(fetched) >= 4
    assert {address[0] for address in fetched} == {"/"}
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy.split("; ")
    assert "style-src 'self' 'unsafe-inline'" in policy
