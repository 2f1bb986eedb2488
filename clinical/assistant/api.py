"""Talks with the assistant: reading them, and talking in the app."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.assistant.chat import end_ai_session, send_chat_message, start_ai_session
from clinical.assistant.serializers import (
    AiSessionListItemSerializer,
    AiSessionSerializer,
    ChatAnswerSerializer,
    ChatMessageSerializer,
    ChatOutcomeSerializer,
    NewAiSessionSerializer,
)
from clinical.assistant.transcripts import MessageOutcome, message_outcome, wait_for_reply
from clinical.models import AiSession
from clinical.ports import AssistantUnavailable
from clinical.visits.serializers import PendingSerializer
from core.api.schema import refuses


def _own(session_id: uuid.UUID, *, by: User) -> AiSession:
    own: QuerySet[AiSession] = AiSession.objects.for_reading(by).with_visits(by)
    return get_object_or_404(own, pk=session_id)


class AiSessionListView(ListAPIView[AiSession]):
    """One's own talks with the assistant, the newest first, without their transcripts."""

    serializer_class = AiSessionListItemSerializer
    queryset = AiSession.objects.none()
    ordering = ("-start_time", "-id")

    def get_queryset(self) -> QuerySet[AiSession]:
        user = signed_in_patient(self.request)
        return AiSession.objects.for_user(user).with_visits(user).defer("transcript")

    @extend_schema(request=NewAiSessionSerializer, responses={201: AiSessionSerializer}, filters=False)
    @refuses({400: ["unknown_hospital"], 429: ["too_many_sessions"]})
    def post(self, request: Request) -> Response:
        """Begin a talk with the assistant. One in which nothing was said yet is given again."""
        user = signed_in_patient(request)
        body = NewAiSessionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        session = start_ai_session(by=user, hospital_id=body.validated_data["hospital"], at=timezone.now())
        return Response(AiSessionSerializer(_own(session.pk, by=user)).data, status=201)


class AiSessionView(APIView):
    @extend_schema(responses={200: AiSessionSerializer})
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """One talk, with its transcript."""
        user = signed_in_patient(request)
        session = _own(session_id, by=user)
        record_access(
            by=user,
            action=AccessAction.OPENED_TRANSCRIPT,
            patient_id=session.patient_id,
            object_kind="ai_session",
            object_id=session.pk,
            hospital_id=session.hospital_id,
        )
        return Response(AiSessionSerializer(session).data)


class MessagesView(APIView):
    @extend_schema(
        request=ChatMessageSerializer,
        responses={200: ChatAnswerSerializer, 202: PendingSerializer},
    )
    @refuses(
        {
            400: ["message_too_long"],
            409: ["message_running", "session_ended", "session_full"],
            429: ["too_many_messages"],
            503: ["assistant_unavailable"],
        }
    )
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        """Say something. 202 while the assistant has not answered: ask `messages/{request_id}/` later.

        After 503 the same text may be sent again: it is in the transcript once.
        """
        user = signed_in_patient(request)
        body = ChatMessageSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            message = send_chat_message(
                by=user, session_id=session_id, text=body.validated_data["text"], at=timezone.now()
            )
        except AiSession.DoesNotExist:
            raise Http404 from None
        outcome = wait_for_reply(message.pk, session_id=message.session_id, by=user)
        if outcome.state == "refused":
            raise AssistantUnavailable
        if outcome.state == "pending":
            return Response({"request_id": message.pk, "status": "pending"}, status=202)
        talk = AiSessionSerializer(_own(message.session_id, by=user)).data
        return Response({**talk, **_answer(outcome)})


class MessageView(APIView):
    @extend_schema(responses={200: ChatOutcomeSerializer})
    def get(self, request: Request, session_id: uuid.UUID, request_id: uuid.UUID) -> Response:
        """What became of a message that was answered with 202."""
        outcome = message_outcome(request_id, session_id=session_id, by=signed_in_patient(request))
        if outcome is None:
            raise Http404
        code = AssistantUnavailable.code if outcome.state == "refused" else None
        return Response({**_answer(outcome), "code": code})


class EndView(APIView):
    @extend_schema(request=None, responses={200: AiSessionSerializer})
    @refuses({409: ["session_ended"]})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        """End a talk. Its summary is there a little later. A talk that is over stays as it is."""
        user = signed_in_patient(request)
        try:
            end_ai_session(by=user, session_id=session_id, at=timezone.now())
        except AiSession.DoesNotExist:
            raise Http404 from None
        return Response(AiSessionSerializer(_own(session_id, by=user)).data)


def _answer(outcome: MessageOutcome) -> dict[str, Any]:
    return {
        "request_id": outcome.message_id,
        "status": outcome.state,
        "reply": outcome.reply,
        "is_emergency": outcome.is_emergency,
    }
