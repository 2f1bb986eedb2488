"""Prescriptions and talks with the assistant, for the patient to read."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import signed_in_patient
from accounts.audit import AccessAction, record_access
from accounts.models import User
from clinical.api.filters import PrescriptionFilter
from clinical.api.serializers import AiSessionListItemSerializer, AiSessionSerializer, PrescriptionSerializer
from clinical.models import AiSession, Prescription


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
        _record_opening(prescription, AccessAction.OPENED_PRESCRIPTION, "prescription", by=user)
        return Response(PrescriptionSerializer(prescription).data)


class AiSessionListView(ListAPIView[AiSession]):
    """One's own talks with the assistant, the newest first, without their transcripts."""

    serializer_class = AiSessionListItemSerializer
    queryset = AiSession.objects.none()
    ordering = ("-start_time", "-id")

    def get_queryset(self) -> QuerySet[AiSession]:
        user = signed_in_patient(self.request)
        return AiSession.objects.for_user(user).with_visits(user).defer("transcript")


class AiSessionView(APIView):
    @extend_schema(responses={200: AiSessionSerializer})
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """One talk, with its transcript."""
        user = signed_in_patient(request)
        session = get_object_or_404(AiSession.objects.for_reading(user).with_visits(user), pk=session_id)
        _record_opening(session, AccessAction.OPENED_TRANSCRIPT, "ai_session", by=user)
        return Response(AiSessionSerializer(session).data)


def _prescriptions(user: User) -> QuerySet[Prescription]:
    mine: QuerySet[Prescription] = Prescription.objects.for_user(user)
    return mine.select_related("doctor__user__profile", "hospital")


def _record_opening(record: Prescription | AiSession, action: AccessAction, kind: str, *, by: User) -> None:
    record_access(
        by=by,
        action=action,
        patient_id=record.patient_id,
        object_kind=kind,
        object_id=record.pk,
        hospital_id=record.hospital_id,
    )
