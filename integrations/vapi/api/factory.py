from __future__ import annotations

from django.conf import settings

from integrations.vapi.api.client import VapiClient
from integrations.vapi.api.config import VapiConfig as VapiConfig


def vapi_client() -> VapiClient:
    """A client for our account. One per piece of work: it holds a session that threads must not share."""
    return VapiClient(VapiConfig(base_url=settings.VAPI_API_URL, api_key=settings.VAPI_API_KEY))
