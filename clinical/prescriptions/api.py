"""Prescriptions, for the patient to read."""

from __future__ import annotations

import uuid
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.models import Prescription
from core.api.fields import OpenChoiceField
from core.api.pages import ListFilter
from core.api.schema import example, operations
from core.times import in_zone
from hospitals.staff.serializers import DoctorNameSerializer, HospitalNameSerializer, doctor_document, hospital_document


class MedicationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    code = serializers.CharField(required=False, allow_null=True)
    code_system = serializers.CharField(required=False, allow_null=True)
    strength = serializers.CharField(required=False, allow_null=True)
    dose = serializers.CharField()
    route = serializers.CharField()
    frequency = serializers.CharField()
    duration_days = serializers.IntegerField()
    quantity = serializers.IntegerField()
    refills = serializers.IntegerField()
    instructions = serializers.CharField(required=False, allow_null=True)
    as_needed = serializers.BooleanField()


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "doctor": {"id": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03", "full_name": "Dora Huber", "specialty": "Cardiology"},
        "hospital": {
            "id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01",
            "name": "North Hospital",
            "time_zone": "Europe/Vienna",
        },
        "medications": [
            {
                "name": "Amoxicillin",
                "dose": "500 mg",
                "route": "oral",
                "frequency": "every 8 hours",
                "duration_days": 7,
                "quantity": 21,
                "refills": 0,
                "as_needed": False,
            }
        ],
        "status": "APPROVED",
        "denial_reason": None,
        "created_at": "2026-03-02T10:00:00+01:00",
        "updated_at": "2026-03-02T10:20:00+01:00",
    }
)
class PrescriptionSerializer(serializers.Serializer[Prescription]):
    id = serializers.UUIDField()
    doctor = DoctorNameSerializer()
    hospital = HospitalNameSerializer(allow_null=True)
    medications = MedicationSerializer(many=True)
    status = serializers.ChoiceField(choices=Prescription.Status.choices)
    denial_reason = OpenChoiceField(Prescription.DenialReason.values, allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Prescription) -> dict[str, Any]:
        doctor, hospital = instance.doctor, instance.hospital
        zone = hospital.time_zone if hospital else None
        return {
            "id": instance.pk,
            "doctor": doctor_document(doctor.pk, doctor.full_name, doctor.specialty),
            "hospital": hospital_document(hospital.pk, hospital.name, zone) if hospital else None,
            "medications": instance.medications,
            "status": instance.status,
            "denial_reason": instance.denial_reason,
            "created_at": in_zone(instance.created_at, zone),
            "updated_at": in_zone(instance.updated_at, zone) if instance.updated_at else None,
        }


class PrescriptionFilter(ListFilter):
    status = django_filters.ChoiceFilter(choices=Prescription.Status.choices)


@operations(get="listPrescriptions")
class PrescriptionListView(ListAPIView[Prescription]):
    """The patient's prescriptions, the newest first."""

    serializer_class = PrescriptionSerializer
    filterset_class = PrescriptionFilter
    queryset = Prescription.objects.none()
    ordering = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[Prescription]:
        return _prescriptions(signed_in_patient(self.request))


@operations(get="getPrescription")
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
