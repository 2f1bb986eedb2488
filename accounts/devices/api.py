"""A patient's devices: listed, signed out, and opened by the date of birth."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import OPEN_BEFORE_STEP_UP, current_token, signed_in_patient
from accounts.devices.step_up import step_up
from accounts.devices.tokens import revoke_all_devices, revoke_device, sign_out
from accounts.models import DeviceToken
from accounts.people.serializers import (
    DeviceSerializer,
    StepUpSerializer,
)
from core.api.schema import operations, refuses


@operations(get="listDevices")
class DeviceListView(ListAPIView[DeviceToken]):
    """The devices that are signed in, newest first."""

    serializer_class = DeviceSerializer
    queryset = DeviceToken.objects.none()
    ordering = ("-created", "digest")

    def get_queryset(self) -> QuerySet[DeviceToken]:
        user = signed_in_patient(self.request)
        devices: QuerySet[DeviceToken] = DeviceToken.objects.filter(user=user, expiry__gt=timezone.now())
        return devices


@operations(delete="signOutDevice")
class DeviceView(APIView):
    answers_without_body = True

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Sign a device out."""
        try:
            revoke_device(by=signed_in_patient(request), device_id=device_id, at=timezone.now())
        except DeviceToken.DoesNotExist:
            raise Http404 from None
        return Response(status=204)


@operations(post="signOut")
class LogoutView(APIView):
    answers_without_body = True
    permission_classes = OPEN_BEFORE_STEP_UP

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign this device out."""
        sign_out(by=signed_in_patient(request), token=current_token(request), at=timezone.now())
        return Response(status=204)


@operations(post="signOutEverywhere")
class LogoutAllView(APIView):
    answers_without_body = True

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign every device out, this one too."""
        revoke_all_devices(by=signed_in_patient(request), at=timezone.now())
        return Response(status=204)


@operations(post="stepUp")
class StepUpView(APIView):
    answers_without_body = True
    permission_classes = OPEN_BEFORE_STEP_UP

    @extend_schema(request=StepUpSerializer, responses={204: None})
    @refuses({400: ["wrong_birth_date"], 403: ["step_up_locked"]})
    def post(self, request: Request) -> Response:
        """Open the record to a new device. After three wrong dates, hospital staff must check who the patient is."""
        body = StepUpSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        step_up(
            by=signed_in_patient(request),
            token=current_token(request),
            birth_date=body.validated_data["date_of_birth"],
            at=timezone.now(),
        )
        return Response(status=204)
