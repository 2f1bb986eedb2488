"""Every address under `/api/`: the patients' calls, their description, and a page to read it."""

from __future__ import annotations

import functools
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, register_converter
from django.urls.converters import UUIDConverter
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView

from accounts.codes import api as codes
from accounts.devices import api as devices
from accounts.own_data import api as own_data
from accounts.people import api as people
from clinical.assistant import api as ai_sessions
from clinical.prescriptions import api as prescriptions
from clinical.visits import api as appointments
from clinical.visits import doctors_api as doctors
from clinical.visits import requests_api as requests
from config import problem_pages
from hospitals.access_log import api as access_log
from hospitals.staff import api as hospitals


class AnyCaseUUIDConverter(UUIDConverter):
    """An id in either case: RFC 9562 says that UUIDs are read so, and Swift prints them in capitals."""

    regex = UUIDConverter.regex.replace("a-f", "a-fA-F")


register_converter(AnyCaseUUIDConverter, "id")
_public: dict[str, Any] = {"authentication_classes": [], "permission_classes": []}
# Swagger UI sets inline styles; its start-up script comes as a file of its own, so scripts need nothing more.
_docs = csp_update({"style-src": [UNSAFE_INLINE]})(
    require_safe(SpectacularSwaggerSplitView.as_view(url_name="api-schema", **_public))
)


@functools.cache
def _description() -> bytes:
    """Made once a process: it takes half a second."""
    generator: Any = SchemaGenerator
    renderer: Any = OpenApiYamlRenderer
    return bytes(renderer().render(generator().get_schema(public=True), renderer_context={}))


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_description(), content_type=OpenApiYamlRenderer.media_type)


# What phones ask for most stands first: addresses are tried in turn.
calls = [
    path("appointments/", appointments.AppointmentListView.as_view()),
    path("appointments/<id:appointment_id>/", appointments.AppointmentView.as_view(), name="api-appointment"),
    path("appointments/<id:appointment_id>/reschedule/", requests.RescheduleView.as_view()),
    path("appointments/<id:appointment_id>/cancel/", requests.CancelView.as_view()),
    path("appointments/<id:appointment_id>/accept/", appointments.AcceptView.as_view()),
    path("appointments/requests/", requests.BookingRequestListView.as_view()),
    path("appointments/requests/<id:request_id>/", requests.BookingRequestView.as_view(), name="api-booking-request"),
    path("doctors/", doctors.DoctorListView.as_view()),
    path("doctors/<id:doctor_id>/", doctors.DoctorView.as_view()),
    path("doctors/<id:doctor_id>/slots/", doctors.SlotsView.as_view()),
    path("prescriptions/", prescriptions.PrescriptionListView.as_view()),
    path("prescriptions/<id:prescription_id>/", prescriptions.PrescriptionView.as_view()),
    path("ai-sessions/", ai_sessions.AiSessionListView.as_view()),
    path("ai-sessions/<id:session_id>/", ai_sessions.AiSessionView.as_view()),
    path("ai-sessions/<id:session_id>/messages/", ai_sessions.MessagesView.as_view()),
    path(
        "ai-sessions/<id:session_id>/messages/<id:request_id>/",
        ai_sessions.MessageView.as_view(),
        name="api-chat-message",
    ),
    path("ai-sessions/<id:session_id>/end/", ai_sessions.EndView.as_view()),
    path("auth/otp/request/", codes.OtpRequestView.as_view()),
    path("auth/otp/verify/", codes.OtpVerifyView.as_view()),
    path("auth/step-up/", devices.StepUpView.as_view()),
    path("auth/phone/", codes.PhoneView.as_view()),
    path("auth/phone/verify/", codes.PhoneVerifyView.as_view()),
    path("auth/devices/", devices.DeviceListView.as_view()),
    path("auth/devices/<id:device_id>/", devices.DeviceView.as_view()),
    path("auth/logout/", devices.LogoutView.as_view()),
    path("auth/logout-all/", devices.LogoutAllView.as_view()),
    path("me/", people.MeView.as_view()),
    path("me/export/", own_data.ExportView.as_view()),
    path("me/erase/", own_data.ErasureView.as_view()),
    path("me/erase/code/", own_data.ErasureCodeView.as_view()),
    path("hospitals/", hospitals.HospitalListView.as_view()),
    path("hospitals/<id:hospital_id>/", hospitals.HospitalView.as_view()),
    path("access-log/", access_log.AccessLogView.as_view()),
]

urlpatterns = [
    path("v1/", include(calls)),
    path("schema/", description, name="api-schema"),
    path("docs/", _docs, name="api-docs"),
    path("problems/", problem_pages.problems, name="api-problems"),
    path("problems/<slug:code>/", problem_pages.problem, name="api-problem"),
]
