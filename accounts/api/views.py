from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.profile import update_own_profile
from accounts.actions.request_code import request_code
from accounts.actions.tokens import revoke_all_devices, revoke_device
from accounts.actions.verify_code import InvalidCode, sign_in_with_code
from accounts.api.authentication import signed_in_patient
from accounts.api.schema import refuses
from accounts.api.serializers import (
    ChallengeSerializer,
    DeviceSerializer,
    MeSerializer,
    OtpRequestSerializer,
    OtpVerifySerializer,
    ProfileChangesSerializer,
    SignedInSerializer,
)
from accounts.models import DeviceToken, Patient
from accounts.phone_numbers import InvalidPhone, parse_phone


class OtpRequestView(APIView):
    """Send a sign-in code. The answer is the same whether the number is known or not."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(request=OtpRequestSerializer, responses={202: ChallengeSerializer})
    @refuses({400: ["invalid_phone"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        body = OtpRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        number = parse_phone(body.validated_data["phone"], countries=settings.SMS_COUNTRIES)
        challenge = request_code(number=number, at=timezone.now())
        answer = {
            "challenge_id": challenge.id,
            "expires_in": challenge.expires_in_seconds,
            "resend_in": challenge.resend_in_seconds,
        }
        return Response(answer, status=202)


class OtpVerifyView(APIView):
    """Sign in with the code that was sent. Three tries, then ask for another one."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(request=OtpVerifySerializer, responses={200: SignedInSerializer})
    @refuses({400: ["invalid_code"]})
    def post(self, request: Request) -> Response:
        body = OtpVerifySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        signed_in = sign_in_with_code(
            challenge_id=data["challenge_id"],
            number=_number_or_invalid_code(data["phone"]),
            code=data["otp"],
            device_name=data["device_name"],
            at=timezone.now(),
        )
        answer = {
            "token": signed_in.token,
            "expires_at": signed_in.expires_at,
            "is_new": signed_in.is_new,
            "step_up": signed_in.step_up,
        }
        return Response(answer, headers={"Cache-Control": "no-store"})


def _number_or_invalid_code(phone: str) -> str:
    try:
        return parse_phone(phone, countries=settings.SMS_COUNTRIES)
    except InvalidPhone:
        raise InvalidCode from None


class DeviceListView(ListAPIView[DeviceToken]):
    """The devices that are signed in, newest first."""

    serializer_class = DeviceSerializer
    queryset = DeviceToken.objects.none()
    ordering = ("-created", "digest")

    def get_queryset(self) -> QuerySet[DeviceToken]:
        user = signed_in_patient(self.request)
        devices: QuerySet[DeviceToken] = DeviceToken.objects.filter(user=user, expiry__gt=timezone.now())
        return devices


class DeviceView(APIView):
    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Sign a device out."""
        try:
            revoke_device(by=signed_in_patient(request), device_id=device_id, at=timezone.now())
        except DeviceToken.DoesNotExist:
            raise Http404 from None
        return Response(status=204)


class LogoutView(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign this device out."""
        device: Any = request.auth
        revoke_device(by=signed_in_patient(request), device_id=device.public_id, at=timezone.now())
        return Response(status=204)


class LogoutAllView(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign every device out, this one too."""
        revoke_all_devices(by=signed_in_patient(request), at=timezone.now())
        return Response(status=204)


class MeView(APIView):
    @extend_schema(responses={200: MeSerializer})
    def get(self, request: Request) -> Response:
        """One's own particulars."""
        return Response(_me(request))

    @extend_schema(request=ProfileChangesSerializer, responses={200: MeSerializer})
    @refuses({409: ["name_required"]})
    def patch(self, request: Request) -> Response:
        """Change what is given; the rest stays."""
        body = ProfileChangesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = signed_in_patient(request)
        update_own_profile(by=user, changes=body.validated_data, at=timezone.now())
        return Response(_me(request))


def _me(request: Request) -> dict[str, Any]:
    patient = Patient.objects.select_related("user__profile").get(user=signed_in_patient(request))
    return MeSerializer(patient).data
