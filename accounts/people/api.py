from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import OPEN_BEFORE_STEP_UP, current_token, signed_in_patient
from accounts.devices.tokens import revoke_all_devices, revoke_device, sign_out
from accounts.models import DeviceToken, Patient, User
from accounts.people.actions import update_own_profile
from accounts.people.serializers import DeviceSerializer, MeSerializer, ProfileChangesSerializer
from core.api.schema import refuses


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
    permission_classes = OPEN_BEFORE_STEP_UP

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign this device out."""
        sign_out(by=signed_in_patient(request), token=current_token(request), at=timezone.now())
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
        return Response(me_document(signed_in_patient(request)))

    @extend_schema(request=ProfileChangesSerializer, responses={200: MeSerializer})
    @refuses({409: ["name_required", "person_erased"]})
    def patch(self, request: Request) -> Response:
        """Change what is given; the rest stays."""
        body = ProfileChangesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = signed_in_patient(request)
        update_own_profile(by=user, changes=body.validated_data, at=timezone.now())
        return Response(me_document(user))


def me_document(user: User) -> dict[str, Any]:
    patient = Patient.objects.select_related("user__profile").get(user=user)
    return MeSerializer(patient).data
