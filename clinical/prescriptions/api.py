"""Prescriptions, for the patient to read."""

from __future__ import annotations

import uuid

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.models import Prescription
from clinical.prescriptions.serializers import PrescriptionSerializer


class PrescriptionFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Prescription.Status.choices)


class PrescriptionListView(ListAPIView[Prescription]):
    """One's own prescriptions, the newest first."""

    serializer_class = PrescriptionSerializer
    filterset_class = PrescriptionFilter
    queryset = Prescription.objects.none()
    ordering = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[Prescription]:
        return _prescriptions(signed_in_patient(self.request))


class PrescriptionView(APIView):
    @extend_schema(responses={200: PrescriptionSerializer})
    def get(self, request: Request, prescription_id: uuid.UUID) -> Response:
        """One prescription."""
        user = signed_in_patient(request)
        prescription = get_object_or_404(_prescriptions(user), pk=prescription_id)
        record_access(
            by=user,
            action=AccessAction.OPENED_PRESCRIPTION,
            patient_id=prescription.patient_id,
            object_kind="prescription",
            object_id=prescription.pk,
            hospital_id=prescription.hospital_id,
        )
        return Response(PrescriptionSerializer(prescription).data)


def _prescriptions(user: User) -> QuerySet[Prescription]:
    mine: QuerySet[Prescription] = Prescription.objects.for_user(user)
    return mine.select_related("doctor__user__profile", "hospital")
