"""The patient API: who may call it, how long a device stays signed in, how its description is made."""

from __future__ import annotations

import datetime as dt
from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.devices.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "accounts.devices.authentication.IsPatient",
        "accounts.devices.authentication.IsSteppedUp",
    ],
    "DEFAULT_RENDERER_CLASSES": ["core.api.rendering.OrjsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.rendering.JsonNegotiation",
    "DEFAULT_PARSER_CLASSES": ["core.api.rendering.LimitedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pages.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "core.api.errors.problem_response",
    # `?format=` is no parameter of ours.
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.DeviceToken",
    "TOKEN_TTL": dt.timedelta(days=30),
    "AUTO_REFRESH": True,
    # At most one write a day for a token in daily use.
    "MIN_REFRESH_INTERVAL": 24 * 60 * 60,
    "AUTH_HEADER_PREFIX": "Bearer",
}
KNOX_TOKEN_MODEL = "accounts.DeviceToken"
# Its migrations would make the table of the token model that ours replaces.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Wardbook patient API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": (
        "The API of the patients' app. Where this document does not say how calls work together, `docs/api.md` does."
        ' Values listed under `x-extensible-enum` may grow: take one that you do not know as "something else".'
    ),
    "CONTACT": {"name": "The operator of this installation"},
    "LICENSE": {"name": "For apps that the operator has approved", "identifier": "LicenseRef-Proprietary"},
    # Whichever installation serves this description.
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "TAGS": [
        {"name": "auth", "description": "Signing in and out, devices, the phone number."},
        {"name": "me", "description": "The patient's own profile and data."},
        {"name": "hospitals", "description": "The hospitals of the group."},
        {"name": "doctors", "description": "Doctors and their free times."},
        {"name": "appointments", "description": "Booking, moving and cancelling appointments."},
        {"name": "prescriptions", "description": "The patient's prescriptions, to read."},
        {"name": "ai-sessions", "description": "Conversations with the AI assistant."},
        {"name": "access-log", "description": "Who opened or changed the patient's record."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Of `config.api`. As it is, a generated client wants a text for a path, and has ids.
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.refer_to_enums",
        "core.api.schema.add_problem_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AppointmentStatus": "clinical.models.Appointment.Status",
        "PrescriptionStatus": "clinical.models.Prescription.Status",
        "ErasureState": "accounts.models.ErasureRequest.State",
        "AiSessionSource": "clinical.models.AiSession.Source",
        "OutcomeStatus": "clinical.visits.serializers.STATUSES",
        "SlotSource": "clinical.visits.doctors_api.SOURCES",
    },
    # Null is said by the type: no component of its own.
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}
