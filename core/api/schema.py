"""The OpenAPI document: what every operation may refuse, with its codes, and how tokens are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

from core.api.errors import PROBLEM_CONTENT_TYPE, FieldError, problem_document
from core.api.fields import OpenChoiceField, StrictSerializer
from core.api.problems import PROBLEMS
from core.api.rendering import answers_without_body
from core.refusals import Refused, TooOften

RETRY_AFTER = {
    "schema": {"type": "integer", "minimum": 1},
    "description": "Seconds to wait.",
    "required": True,
}

RATE_LIMITS = {
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": "The limits: `q` requests in `w` seconds."},
    "RateLimit": {"schema": {"type": "string"}, "description": "`r` requests are left; all are in `t` seconds."},
}

ETAG = {"schema": {"type": "string"}, "description": "Names this answer: send it as `If-None-Match`.", "required": True}
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The `ETag` of the answer one has."
)

_REQUEST_ID = "6f1d2c3b4a5e4f60918273645a6b7c8d"
_FIELD_ERROR = FieldError(field="start", code="required", detail="This field is required.")

Method = TypeVar("Method", bound=Callable[..., Any])
View = TypeVar("View", bound=type[Any])
Shape = TypeVar("Shape", bound=serializers.Serializer[Any])


FIELD_CODES = (
    *("blank", "empty_range", "invalid", "invalid_choice", "max_length", "not_a_list", "null", "out_of_range"),
    *("null_characters_not_allowed", "range_too_long", "required", "unknown_field", "unknown_time_zone"),
)


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Path of the field; empty for the body as a whole.")
    code = OpenChoiceField(FIELD_CODES)
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Address of a page that explains the problem, on the same server.")
    title = serializers.CharField(help_text="What kind of problem it is, in English.")
    status = serializers.IntegerField(help_text="As the HTTP status.")
    detail = serializers.CharField(help_text="What went wrong this time, in English.")
    code = OpenChoiceField(sorted(PROBLEMS), help_text="Stable: decide by this.")
    # The type checker sees the property of that name; declared fields are taken out before they could hide it.
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Names this request in the operators' logs.")


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.devices.authentication.BearerAuthentication"
    name = "bearer"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class OpenChoiceExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Not an `enum`: a generated client would fail at a value that came later."""

    target_class = "core.api.fields.OpenChoiceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        return {"type": "string", "x-extensible-enum": self.target.values}


def operations(**names: str) -> Callable[[View], View]:
    """Name a view's operations, by method, as a person would call them: generated clients have functions of these."""

    def mark(view: View) -> View:
        view.operation_names = names
        return view

    return mark


def refuses(codes: dict[int, list[str]]) -> Callable[[Method], Method]:
    """Say which codes a view's method answers, by status, beside those that every operation of its kind does."""

    def mark(method: Method) -> Method:
        method.problem_codes = codes  # type: ignore[attr-defined]
        return method

    return mark


def not_modified(method: Method) -> Method:
    """Say that a view's method answers with an ETag, and 304 to who has its answer already."""
    method.has_etag = True  # type: ignore[attr-defined]
    return method


def example(value: dict[str, Any]) -> Callable[[type[Shape]], type[Shape]]:
    """Show what a serializer's documents look like, wherever they are sent or taken."""
    return extend_schema_serializer(
        examples=[OpenApiExample("Example", value=value, status_codes=["200", "201", "202"])]
    )


class ProblemAutoSchema(AutoSchema):
    def get_operation_id(self) -> str:
        names: dict[str, str] = getattr(self.view, "operation_names", {})
        return names[self.method.lower()]

    def get_summary(self) -> str:
        """The operation's name as words: `bookAppointment` is "Book appointment"."""
        return re.sub(r"(?=[A-Z])", " ", self.get_operation_id()).capitalize().replace(" ai ", " AI ")

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        """A private hook of the library's, pinned by a test: it has no public one that knows the operation."""
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, codes in sorted(self._problem_codes().items()):
            body = self._problem_body(str(status), direction)
            body["description"] = ", ".join(f"`{code}`" for code in sorted(set(codes)))
            if status in (429, 503):
                body["headers"] = {"Retry-After": RETRY_AFTER, **(RATE_LIMITS if status == 429 else {})}
            body["content"][PROBLEM_CONTENT_TYPE]["examples"] = _examples(codes)
            bodies[str(status)] = body
        body = self._problem_body("default", direction)
        body["description"] = "Anything else, such as `method_not_allowed` (405) or `server_error` (500)."
        body["content"][PROBLEM_CONTENT_TYPE]["examples"] = _examples(["method_not_allowed", "server_error"])
        bodies["default"] = body
        if self._has_etag():
            bodies["200"]["headers"] = {"ETag": ETAG}
            bodies["304"] = {"description": "What `If-None-Match` names is still so.", "headers": {"ETag": ETAG}}
        return bodies

    def get_override_parameters(self) -> list[Any]:
        return [IF_NONE_MATCH] if self._has_etag() else []

    def _has_etag(self) -> bool:
        return hasattr(getattr(self.view, self.method.lower(), None), "has_etag")

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _problem_body(self, status: str, direction: Direction) -> dict[str, Any]:
        media_types = [PROBLEM_CONTENT_TYPE]
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            ProblemSerializer, status, media_types, direction
        )
        return body

    def _problem_codes(self) -> dict[int, list[str]]:
        codes: dict[int, list[str]] = {429: [TooOften.code]}
        if not answers_without_body(self.view):
            codes[406] = ["not_acceptable"]
        if {} not in self.get_auth():
            codes |= {401: ["not_authenticated", "invalid_token"], 403: ["forbidden"]}
            if any(getattr(permission, "is_step_up_asked", False) for permission in self.view.permission_classes):
                codes[403].append("step_up_required")
        if "{" in self.path:
            codes[404] = ["not_found"]
        if self.method in ("POST", "PATCH") and self.get_request_serializer() is not None:
            codes |= {400: ["bad_request", "invalid"], 413: ["too_large"], 415: ["unsupported_media_type"]}
        if self._is_list_view():
            codes[400] = ["invalid", "invalid_cursor"]
        method = getattr(self.view, self.method.lower(), None)
        for status, own in getattr(method, "problem_codes", {}).items():
            codes[status] = [*codes.get(status, []), *own]
        return codes


def _examples(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    return {code: {"$ref": f"#/components/examples/{code}"} for code in sorted(set(codes))}


def refer_to_enums(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Let parameters refer to the enums that answers have: generated clients would have two types for one thing."""
    enums = {frozenset(one["enum"]): name for name, one in result["components"]["schemas"].items() if "enum" in one}
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if name := enums.get(frozenset(parameter["schema"].get("enum", ()))):
                    parameter["schema"] = {"$ref": f"#/components/schemas/{name}"}
                    parameter.pop("description", None)
    return result


def add_problem_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Each problem, once, as a whole document. One of the library's hooks."""
    result["components"]["examples"] = {
        code: {"summary": problem.title, "value": problem_example(code)} for code, problem in sorted(PROBLEMS.items())
    }
    return result


def problem_example(code: str) -> dict[str, Any]:
    messages = {kind.code: kind.message for kind in _refusals(Refused) if "code" in vars(kind)}
    problem = PROBLEMS[code]
    detail = str(messages.get(code, problem.detail))
    errors = [_FIELD_ERROR] if code == "invalid" else []
    return {**problem_document(problem.status, code, detail, errors), "request_id": _REQUEST_ID}


def _refusals(kind: type[Refused]) -> Iterator[type[Refused]]:
    for one in kind.__subclasses__():
        yield one
        yield from _refusals(one)
