"""`clinical.ports.ChatAssistant` over Vapi's chats. Nothing about the patient goes along but what they wrote."""

from __future__ import annotations

import structlog
from django.conf import settings

from clinical.ports import AssistantUnavailable, ChatReply
from integrations.vapi.api.client import VapiClient, VapiError, VapiRefused
from integrations.vapi.api.config import VapiConfig as VapiConfig
from integrations.vapi.api.responses import LONGEST_NAME, Chat, clean

log = structlog.get_logger(__name__)
# As much of an answer as a patient reads.
LONGEST_REPLY = 8000


class VapiChat:
    def client(self) -> VapiClient:
        return vapi_client()

    def reply(self, text: str, *, after: str | None, hospital: str) -> ChatReply:
        if not settings.VAPI_ASSISTANT_ID:
            log.warning("chat.no_assistant")
            raise AssistantUnavailable
        client = self.client()
        try:
            chat = _ask(client, text, after=after, hospital=hospital)
        except VapiError as error:
            log.warning("chat.failed", code=error.code, status=error.status)
            # From None: nothing of the call goes further up.
            raise AssistantUnavailable from None
        finally:
            client.close()
        said, chat_id = clean(chat.text).strip(), clean(chat.id)
        if not said or not 0 < len(chat_id) <= LONGEST_NAME:
            log.warning("chat.nothing_said")
            raise AssistantUnavailable
        return ChatReply(said[:LONGEST_REPLY], chat_id)


def _ask(client: VapiClient, text: str, *, after: str | None, hospital: str) -> Chat:
    variables = {"hospital": hospital} if hospital else None
    if after:
        try:
            return client.create_chat(text, previous_chat_id=after, variables=variables)
        except VapiRefused as refusal:
            if not refusal.is_not_found:
                raise
            # Vapi keeps chats for a while only: the talk goes on without what was said before.
    return client.create_chat(text, assistant_id=settings.VAPI_ASSISTANT_ID, variables=variables)


def vapi_client() -> VapiClient:
    """A client for our account. One per piece of work: it holds a session that threads must not share."""
    return VapiClient(VapiConfig(base_url=settings.VAPI_API_URL, api_key=settings.VAPI_API_KEY))
