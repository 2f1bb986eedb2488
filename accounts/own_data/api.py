"""One's own data: all of it to take along, and having it erased."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.codes.api import challenge_response
from accounts.devices.authentication import presented_token, signed_in_patient
from accounts.models import ErasureRequest
from accounts.own_data.erasure import ask_erasure, latest_request, send_erasure_code, withdraw_erasure
from accounts.own_data.registry import begin_export, write_export
from accounts.people.serializers import ChallengeSerializer
from core.api.fields import CodeField, StrictSerializer, StrictUUIDField
from core.api.schema import example, operations, refuses

# Up to this in memory, more on disk, in a file without a name.
IN_MEMORY_BYTES = 1024 * 1024


def _section(text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.DictField(), help_text=text)


@example(
    {
        "format": 1,
        "made_at": "2026-03-02T10:00:00Z",
        **{key: [] for key in ("profile", "consents", "devices", "text_messages", "erasure_requests", "access_log")},
        **{key: [] for key in ("appointments", "prescriptions", "ai_sessions", "booking_requests")},
    }
)
class MyDataSerializer(serializers.Serializer[Any]):
    format = serializers.IntegerField(help_text="1; another number means another structure.")
    made_at = serializers.DateTimeField()
    profile = _section("One row.")
    consents = _section("What the patient agreed to.")
    devices = _section("Signed in, or signed in before.")
    text_messages = _section("Kind, time and outcome; the texts are not kept.")
    erasure_requests = _section("Requests to be erased.")
    access_log = _section("As in `access-log/`, oldest first.")
    appointments = _section("As in `appointments/`, with each time they had, and what the hospital decided.")
    prescriptions = _section("As in `prescriptions/`, with the messages about them.")
    ai_sessions = _section("As in `ai-sessions/{id}/`, with transcripts.")
    booking_requests = _section("Bookings, moves and cancellations, with their outcomes.")


@example({"challenge_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10", "otp": "1234"})
class ErasureCodeSerializer(StrictSerializer):
    challenge_id = StrictUUIDField()
    otp = CodeField(max_length=10)


@example({"id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10", "asked_at": "2026-03-02T10:00:00Z", "state": "asked"})
class ErasureSerializer(serializers.Serializer[ErasureRequest]):
    id = serializers.UUIDField()
    asked_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=ErasureRequest.State.choices)


@operations(get="exportMyData")
class ExportView(APIView):
    @extend_schema(responses={200: MyDataSerializer})
    @refuses({429: ["too_many_requests"]})
    def get(self, request: Request) -> HttpResponseBase:
        """All data about the patient, as a file. Three times a day."""
        user, now = signed_in_patient(request), timezone.now()
        begin_export(by=user, at=now)
        # Written to its end before it is sent: a slow phone holds no database connection.
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))
            write_export(file, by=user, at=now)
            size = file.tell()
            file.seek(0)
            if size <= IN_MEMORY_BYTES:
                return HttpResponse(file.read(), content_type="application/json", headers=_headers(size))
            answer = FileResponse(file, content_type="application/json", headers=_headers(size))
            # From here on the answer closes it.
            stack.pop_all()
            return answer


def _headers(size: int) -> dict[str, str]:
    return {
        "Content-Length": str(size),
        "Content-Disposition": 'attachment; filename="my-data.json"',
        "Cache-Control": "no-store",
    }


@operations(post="requestErasureCode")
class ErasureCodeView(APIView):
    @extend_schema(request=None, responses={202: ChallengeSerializer})
    @refuses({409: ["no_phone"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        """Send a code to the patient's number, for a request to be erased."""
        user = signed_in_patient(request)
        challenge = send_erasure_code(by=user, device_token=presented_token(request), at=timezone.now())
        return challenge_response(challenge)


@operations(get="getErasure", post="requestErasure", delete="withdrawErasure")
class ErasureView(APIView):
    @extend_schema(responses={200: ErasureSerializer})
    @refuses({404: ["not_found"]})
    def get(self, request: Request) -> Response:
        """The latest request to be erased; 404 if there is none."""
        asked = latest_request(signed_in_patient(request))
        if asked is None:
            raise Http404
        return Response(ErasureSerializer(asked).data)

    @extend_schema(request=ErasureCodeSerializer, responses={202: ErasureSerializer})
    @refuses({400: ["invalid_code"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        """Ask for all data to be erased, with the code of `me/erase/code/`. An operator carries it out once no
        appointment, prescription or request is open; until then it can be withdrawn.
        """
        body = ErasureCodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = ask_erasure(
            by=signed_in_patient(request),
            challenge_id=body.validated_data["challenge_id"],
            code=body.validated_data["otp"],
            device_token=presented_token(request),
            at=timezone.now(),
        )
        return Response(ErasureSerializer(asked).data, status=202)

    @extend_schema(request=None, responses={200: ErasureSerializer})
    @refuses({409: ["not_asked", "being_erased"]})
    def delete(self, request: Request) -> Response:
        """Withdraw the request to be erased."""
        withdrawn = withdraw_erasure(by=signed_in_patient(request), at=timezone.now())
        return Response(ErasureSerializer(withdrawn).data)
