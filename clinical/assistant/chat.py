"""What a patient does in a talk with the assistant. Each leaves the asking to a worker, and loses no word."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as lazy

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Patient, User
from clinical.assistant.emergencies import emergency_advice
from clinical.assistant.transcripts import ASSISTANT, PATIENT, one_line, with_turn, words_at
from clinical.models import AiSession, ChatMessage
from clinical.ports import KeyClaim, finish_claim
from core.rate_windows import HOUR, MINUTE, Limit, whole_seconds
from core.refusals import Conflict, Invalid, TooOften
from core.wake_ups import wake
from hospitals.models import Hospital

DAY = dt.timedelta(days=1)
OPEN_STATES = (ChatMessage.State.QUEUED, ChatMessage.State.SENT)


class UnknownHospital(Invalid):
    code = "unknown_hospital"
    message = lazy("There is no such hospital.")


class SessionEnded(Conflict):
    code = "session_ended"
    message = lazy("This talk is over. Begin a new one.")


class MessageRunning(Conflict):
    code = "message_running"
    message = lazy("The assistant is still answering what you wrote before.")


class SessionFull(Conflict):
    code = "session_full"
    message = lazy("This conversation has become too long. Begin a new one.")


class MessageTooLong(Invalid):
    code = "message_too_long"
    message = lazy("Please write less in one message.")


class TooManyMessages(TooOften):
    code = "too_many_messages"
    policy = "messages"


class TooManySessions(TooOften):
    code = "too_many_sessions"
    policy = "conversations"


@transaction.atomic
def start_ai_session(*, by: User, hospital_id: uuid.UUID | None, at: dt.datetime) -> tuple[AiSession, bool]:
    """A talk, and whether it is new: one begun before in which nothing was said yet serves instead.

    Raises: UnknownHospital, TooManySessions.
    """
    if hospital_id and not Hospital.objects.filter(pk=hospital_id, is_active=True).exists():
        raise UnknownHospital
    Patient.objects.select_for_update().get(pk=by.pk)
    own = AiSession.objects.for_user(by).filter(source=AiSession.Source.APP)
    unused = own.filter(ended_at__isnull=True, transcript__isnull=True, hospital=hospital_id)
    begun: AiSession | None = (
        unused.filter(start_time__gt=at - settings.CHAT_IDLE).order_by("-start_time", "-pk").first()
    )
    if begun is not None:
        return begun, False
    starts = own.filter(start_time__gt=at - HOUR).values_list("start_time", flat=True)
    limit = Limit(settings.CHAT_SESSIONS_AN_HOUR, HOUR)
    if wait := limit.wait(list(starts), at):
        raise TooManySessions(whole_seconds(wait), limit)
    session = AiSession.objects.create(
        patient_id=by.pk, source=AiSession.Source.APP, hospital_id=hospital_id, start_time=at
    )
    _record(session, AccessAction.STARTED_AI_SESSION, by=by)
    return session, True


@transaction.atomic
def send_chat_message(
    *, by: User, session_id: uuid.UUID, text: str, claim: KeyClaim | None = None, at: dt.datetime
) -> ChatMessage:
    """Write down what the patient says and queue it for the assistant; in an emergency, answer at once.

    What got no answer is sent again, not written down again, where the patient says it again. What `claim` says was
    made before is given again, unless it failed.

    Raises: SessionEnded, MessageRunning, SessionFull, MessageTooLong, TooManyMessages, IdempotencyKeyInUse,
    AiSession.DoesNotExist.
    """
    session = _locked(session_id, by=by)
    earlier = _made_before(claim, by=by)
    if earlier is not None and earlier.state != ChatMessage.State.FAILED:
        return earlier
    message = _taken(session, text, earlier, by=by, at=at)
    finish_claim(claim, request_id=message.pk)
    return message


def _made_before(claim: KeyClaim | None, *, by: User) -> ChatMessage | None:
    if claim is None or claim.request_id is None:
        return None
    own = ChatMessage.objects.filter(session__patient=by.pk)
    return own.filter(pk=claim.request_id).first()


def _taken(session: AiSession, text: str, earlier: ChatMessage | None, *, by: User, at: dt.datetime) -> ChatMessage:
    advice = emergency_advice(session, text)
    if advice is not None:
        return _answer_emergency(session, text[: settings.CHAT_MESSAGE_LENGTH], advice, at)
    if session.ended_at is not None or session.source != AiSession.Source.APP:
        raise SessionEnded
    if len(text) > settings.CHAT_MESSAGE_LENGTH:
        raise MessageTooLong
    if session.messages.filter(state__in=OPEN_STATES).exists():
        raise MessageRunning
    _refuse_too_many(by, at)
    message = earlier or _unanswered(session, text) or _written_down(session, text, at)
    message.state, message.asked_at, message.settled_at, message.tries = ChatMessage.State.QUEUED, at, None, 0
    message.save()
    wake("answer_messages")
    return message


@transaction.atomic
def end_ai_session(*, by: User, session_id: uuid.UUID, at: dt.datetime) -> AiSession:
    """End an own talk; one that is over stays as it is. Its summary comes later, by a worker.

    Raises: SessionEnded for a phone call, AiSession.DoesNotExist.
    """
    session = _locked(session_id, by=by)
    if session.source != AiSession.Source.APP:
        raise SessionEnded
    if session.ended_at is None:
        session.ended_at = max(at, session.start_time)
        session.save(update_fields=["ended_at"])
        _record(session, AccessAction.ENDED_AI_SESSION, by=by)
        wake("close_chats")
    return session


def is_emergency(session_id: uuid.UUID, text: str, *, by: User) -> bool:
    """Whether the text is answered with the emergency text in this talk. Raises: AiSession.DoesNotExist."""
    own: QuerySet[AiSession] = AiSession.objects.for_user(by)
    return emergency_advice(own.get(pk=session_id), text) is not None


def _locked(session_id: uuid.UUID, *, by: User) -> AiSession:
    own: QuerySet[AiSession] = AiSession.objects.for_user(by)
    return own.select_for_update(of=("self",)).get(pk=session_id)


def _answer_emergency(session: AiSession, text: str, advice: str, at: dt.datetime) -> ChatMessage:
    """Whatever else stands in the way of a message, this is answered, and written down; not without end, though: each
    rewrites the talk.
    """
    session = _written_talk(session, at)
    before = session.messages.filter(kind=ChatMessage.Kind.EMERGENCY).order_by("-line")
    written = list(before[: settings.CHAT_EMERGENCIES_A_TALK])
    if len(written) == settings.CHAT_EMERGENCIES_A_TALK:
        last: ChatMessage = written[0]
        return last
    session.transcript, line = with_turn(session.transcript, PATIENT, text)
    session.transcript, reply_line = with_turn(session.transcript, ASSISTANT, advice)
    session.save(update_fields=["transcript"])
    return ChatMessage.objects.create(
        session=session,
        kind=ChatMessage.Kind.EMERGENCY,
        state=ChatMessage.State.ANSWERED,
        line=line,
        reply_line=reply_line,
        asked_at=at,
        settled_at=at,
    )


def _written_talk(session: AiSession, at: dt.datetime) -> AiSession:
    """The talk; in the place of a phone call, whose words stay those of the phone, the day's latest in the app."""
    if session.source == AiSession.Source.APP:
        return session
    own: QuerySet[AiSession] = AiSession.objects.filter(patient=session.patient_id, source=AiSession.Source.APP)
    recent = own.filter(start_time__gt=at - DAY).select_for_update().order_by("-start_time", "-pk")
    return recent.first() or AiSession.objects.create(
        patient_id=session.patient_id, source=AiSession.Source.APP, hospital_id=session.hospital_id, start_time=at
    )


def _unanswered(session: AiSession, text: str) -> ChatMessage | None:
    """The last message to the assistant, where it failed and says the same. An emergency may have come after it."""
    last: ChatMessage | None = session.messages.filter(kind=ChatMessage.Kind.MESSAGE).order_by("-line").first()
    if last is None or last.state != ChatMessage.State.FAILED:
        return None
    return last if words_at(session.transcript, last.line) == one_line(text) else None


def _written_down(session: AiSession, text: str, at: dt.datetime) -> ChatMessage:
    transcript, line = with_turn(session.transcript, PATIENT, text)
    if len(transcript) > settings.CHAT_TRANSCRIPT_LENGTH:
        raise SessionFull
    session.transcript = transcript
    session.save(update_fields=["transcript"])
    return ChatMessage(session=session, kind=ChatMessage.Kind.MESSAGE, line=line, asked_at=at)


def _refuse_too_many(by: User, at: dt.datetime) -> None:
    recent = ChatMessage.objects.filter(
        session__patient=by.pk, kind=ChatMessage.Kind.MESSAGE, asked_at__gt=at - HOUR
    ).values_list("asked_at", flat=True)
    hits = list(recent)
    limits = (Limit(settings.CHAT_MESSAGES_A_MINUTE, MINUTE), Limit(settings.CHAT_MESSAGES_AN_HOUR, HOUR))
    limit = max(limits, key=lambda limit: limit.wait(hits, at))
    if wait := limit.wait(hits, at):
        raise TooManyMessages(whole_seconds(wait), limit)


def _record(session: AiSession, action: AccessAction, *, by: User) -> None:
    record_access(
        by=by,
        action=action,
        patient_id=session.patient_id,
        object_kind="ai_session",
        object_id=session.pk,
        hospital_id=session.hospital_id,
    )
