"""The only place that speaks HTTP to Twilio."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

TIMEOUT_SECONDS = 5


class RebasedHttpClient(TwilioHttpClient):
    """Sends to `TWILIO_API_URL`: the library has no setting for the host."""

    def __init__(self, base_url: str) -> None:
        # No retries: a message that may have been taken must not be sent twice.
        super().__init__(timeout=TIMEOUT_SECONDS, max_retries=0)
        self._base = urlsplit(base_url)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc)
        return super().request(method, urlunsplit(parts), *args, **kwargs)


def twilio_client() -> Client:
    return Client(
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_AUTH_TOKEN[0] if settings.TWILIO_AUTH_TOKEN else None,
        http_client=RebasedHttpClient(settings.TWILIO_API_URL),
    )
