from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import signed_in_patient
from accounts.models import Patient, User
from accounts.people.actions import update_own_profile
from accounts.people.serializers import MeChangesSerializer, MeSerializer
from core.api.schema import operations, refuses


@operations(get="getProfile", patch="updateProfile")
class MeView(APIView):
    @extend_schema(responses={200: MeSerializer})
    def get(self, request: Request) -> Response:
        """The patient's profile."""
        return Response(me_document(signed_in_patient(request)))

    @extend_schema(request=MeChangesSerializer, responses={200: MeSerializer})
    @refuses({409: ["name_required", "person_erased"]})
    def patch(self, request: Request) -> Response:
        """Change the fields that are given."""
        body = MeChangesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = signed_in_patient(request)
        update_own_profile(by=user, changes=body.validated_data, at=timezone.now())
        return Response(me_document(user))


def me_document(user: User) -> dict[str, Any]:
    patient = Patient.objects.select_related("user__profile").get(user=user)
    return MeSerializer(patient).data
