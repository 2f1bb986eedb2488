"""`accounts.ports.SmsSender` over Twilio's Messages API."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from accounts.ports import STOPPED, SentSms, SmsBusy, SmsLine, SmsRefused, SmsUnknownOutcome
from integrations.http_failures import was_never_sent

log = structlog.get_logger(__name__)
HEADER = "X-Twilio-Signature"
REFERENCE = "message"
TIMEOUT_SECONDS = 5
TOO_MANY_REQUESTS = 20429
ANSWERED_STOP = 21610
NO_SENDER = "no_sender"


def status_callback_url(reference: uuid.UUID) -> str:
    """Names our message: a report may come before the answer that would have told us Twilio's own id."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('twilio-status')}?{REFERENCE}={reference}"


def is_from_twilio(request: HttpRequest) -> bool:
    """Whether the signature is by one of our tokens, over the address as Twilio knows it and the form as sent."""
    signature = request.headers.get(HEADER)
    if not signature:
        return False
    url = f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}"
    # Always HMAC-SHA1 by our own token: what another header says of keys is the sender's claim.
    return any([RequestValidator(token).validate(url, request.POST, signature) for token in settings.TWILIO_AUTH_TOKEN])


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


class TwilioSms:
    def __init__(self, client: Client | None = None) -> None:
        self._client = client or twilio_client()

    def send(self, *, to: str, text: str, valid_for_seconds: int, reference: uuid.UUID, line: SmsLine) -> SentSms:
        sender = _sender(line)
        try:
            message = self._client.messages.create(
                to=f"+{to}",
                body=text,
                validity_period=valid_for_seconds,
                status_callback=status_callback_url(reference),
                **sender,
            )
        except TwilioRestException as error:
            log.warning("twilio.refused", status=error.status, code=error.code)
            # From None throughout: the exceptions' texts quote the number.
            raise _meaning(error) from None
        except (RequestException, TwilioException) as error:
            if was_never_sent(error):
                log.warning("twilio.unreachable", error=type(error).__name__)
                raise SmsBusy from None
            log.warning("twilio.unknown_outcome", error=type(error).__name__)
            raise SmsUnknownOutcome from None
        return SentSms(provider_id=message.sid)


def _sender(line: SmsLine) -> dict[str, str]:
    """Reminders have a service or number of their own; without one nothing is sent, least of all over the other line.

    Notices may have one.
    """
    service, number = settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_FROM_NUMBER
    if line == SmsLine.REMINDERS:
        service, number = settings.TWILIO_REMINDER_MESSAGING_SERVICE_SID, settings.TWILIO_REMINDER_FROM_NUMBER
    elif line == SmsLine.NOTICES and settings.SMS_NOTICES_APART:
        service, number = settings.TWILIO_NOTICE_MESSAGING_SERVICE_SID, settings.TWILIO_NOTICE_FROM_NUMBER
    if line == SmsLine.REMINDERS and not (service or number):
        raise SmsRefused(NO_SENDER)
    return {"messaging_service_sid": service} if service else {"from_": number}


def _meaning(error: TwilioRestException) -> SmsRefused | SmsBusy | SmsUnknownOutcome:
    if error.code == TOO_MANY_REQUESTS or error.status == 429:
        return SmsBusy()
    if error.status >= 500:
        return SmsUnknownOutcome()
    return SmsRefused(STOPPED if error.code == ANSWERED_STOP else str(error.code))
