"""Talks with the assistant: reading them, and talking in the app."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.assistant.chat import end_ai_session, is_emergency, send_chat_message, start_ai_session
from clinical.assistant.serializers import (
    NEW_SESSIONS,
    AiSessionSerializer,
    AiSessionSummarySerializer,
    ChatMessageSerializer,
    ChatOutcomeSerializer,
    NewAiSessionSerializer,
)
from clinical.assistant.transcripts import MessageOutcome, message_outcome, wait_for_reply
from clinical.idempotency import claimed_key
from clinical.models import AiSession
from clinical.ports import AssistantUnavailable, IdempotencyKeyInUse, IdempotencyKeyReused, KeyClaim
from clinical.visits.api_outcomes import ASK_AGAIN_SECONDS, keyed_headers
from core.api.idempotency import REPLAYED, IdempotencyKeyRequired, key_parameter
from core.api.schema import operations, refuses


def _own(session_id: uuid.UUID, *, by: User) -> AiSession:
    own: QuerySet[AiSession] = AiSession.objects.for_reading(by).with_visits(by)
    return get_object_or_404(own, pk=session_id)


@operations(get="listAiSessions", post="startAiSession")
class AiSessionListView(ListAPIView[AiSession]):
    """The patient's conversations with the assistant, the newest first, without transcripts."""

    serializer_class = AiSessionSummarySerializer
    queryset = AiSession.objects.none()
    ordering = ("-start_time", "-id")

    def get_queryset(self) -> QuerySet[AiSession]:
        user = signed_in_patient(self.request)
        return AiSession.objects.for_user(user).with_visits(user).defer("transcript")

    @extend_schema(
        request=NewAiSessionSerializer,
        responses={200: AiSessionSerializer, 201: AiSessionSerializer},
        examples=NEW_SESSIONS,
        filters=False,
    )
    @refuses({400: ["unknown_hospital"], 429: ["too_many_sessions"]})
    def post(self, request: Request) -> Response:
        """Begin a conversation with the assistant (201), or return one in which nothing was said yet (200)."""
        user = signed_in_patient(request)
        body = NewAiSessionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        session, is_new = start_ai_session(by=user, hospital_id=body.validated_data.get("hospital"), at=now)
        return Response(AiSessionSerializer(_own(session.pk, by=user)).data, status=201 if is_new else 200)


@operations(get="getAiSession")
class AiSessionView(APIView):
    @extend_schema(responses={200: AiSessionSerializer})
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        """One conversation, with its transcript."""
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


_OUTCOMES = {200: ChatOutcomeSerializer, 202: ChatOutcomeSerializer}


@operations(post="sendMessage")
class MessagesView(APIView):
    @extend_schema(
        request=ChatMessageSerializer,
        responses=_OUTCOMES,
        parameters=[key_parameter(required=False), *keyed_headers()],
    )
    @refuses(
        {
            400: ["message_too_long", "idempotency_key_required"],
            409: ["message_running", "session_ended", "session_full", "idempotency_key_in_use"],
            422: ["idempotency_key_reused"],
            429: ["too_many_messages"],
            503: ["assistant_unavailable"],
        }
    )
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        """Send a message. 202 if there is no reply yet: ask the address in `Location` for the outcome.

        After a 503 the same message may be sent again with the same key; the transcript has it once.
        """
        user = signed_in_patient(request)
        body = ChatMessageSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        text = body.validated_data["text"]
        try:
            with _message_key(request, body.validated_data, session_id=session_id, by=user) as claim:
                message = send_chat_message(by=user, session_id=session_id, text=text, claim=claim, at=timezone.now())
        except AiSession.DoesNotExist:
            raise Http404 from None
        outcome = wait_for_reply(message.pk, session_id=message.session_id, by=user)
        if outcome.state == "refused":
            raise AssistantUnavailable
        headers = dict(REPLAYED) if claim is not None and claim.request_id == message.pk else {}
        if outcome.state == "pending":
            address = reverse("api-chat-message", args=[message.session_id, message.pk])
            headers |= {"Location": request.build_absolute_uri(address), "Retry-After": str(ASK_AGAIN_SECONDS)}
            return Response(_outcome_document(outcome, None), status=202, headers=headers)
        return Response(_outcome_document(outcome, _own(message.session_id, by=user)), headers=headers)


@contextmanager
def _message_key(
    request: Request, body: dict[str, Any], *, session_id: uuid.UUID, by: User
) -> Generator[KeyClaim | None]:
    """The message's claim. What sounds like an emergency is answered whatever is the matter with its key."""
    with ExitStack() as stack:
        try:
            claim = stack.enter_context(claimed_key(request, body, owner_id=by.pk))
        except (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyInUse):
            if not is_emergency(session_id, body["text"], by=by):
                raise
            claim = None
        yield claim


@operations(get="getMessage")
class MessageView(APIView):
    @extend_schema(responses={200: ChatOutcomeSerializer})
    def get(self, request: Request, session_id: uuid.UUID, request_id: uuid.UUID) -> Response:
        """The outcome of a message that was answered with 202."""
        user = signed_in_patient(request)
        outcome = message_outcome(request_id, session_id=session_id, by=user)
        if outcome is None:
            raise Http404
        return Response(_outcome_document(outcome, _own(session_id, by=user) if outcome.state == "done" else None))


@operations(post="endAiSession")
class EndView(APIView):
    @extend_schema(request=None, responses={200: AiSessionSerializer})
    @refuses({409: ["session_ended"]})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        """End a conversation. Its summary follows a little later."""
        user = signed_in_patient(request)
        try:
            end_ai_session(by=user, session_id=session_id, at=timezone.now())
        except AiSession.DoesNotExist:
            raise Http404 from None
        return Response(AiSessionSerializer(_own(session_id, by=user)).data)


def _outcome_document(outcome: MessageOutcome, session: AiSession | None) -> dict[str, Any]:
    return {
        "request_id": outcome.message_id,
        "status": outcome.state,
        "reply": outcome.reply,
        "is_emergency": outcome.is_emergency,
        "code": AssistantUnavailable.code if outcome.state == "refused" else None,
        "session": AiSessionSerializer(session).data if session else None,
    }
