"""`accounts.ports.SmsSender` over Twilio's Messages API."""

from __future__ import annotations

import structlog
from django.conf import settings
from requests.exceptions import ConnectionError as TransportError
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from accounts.ports import SentSms, SmsBusy, SmsRefused, SmsUnknownOutcome
from integrations.twilio.client import twilio_client

log = structlog.get_logger(__name__)

TOO_MANY_REQUESTS = 20429


class TwilioSms:
    def __init__(self, client: Client | None = None) -> None:
        self._client = client or twilio_client()

    def send(self, *, to: str, text: str, valid_for_seconds: int) -> SentSms:
        sender = (
            {"messaging_service_sid": settings.TWILIO_MESSAGING_SERVICE_SID}
            if settings.TWILIO_MESSAGING_SERVICE_SID
            else {"from_": settings.TWILIO_FROM_NUMBER}
        )
        try:
            message = self._client.messages.create(to=f"+{to}", body=text, validity_period=valid_for_seconds, **sender)
        except TwilioRestException as error:
            log.warning("twilio.refused", status=error.status, code=error.code)
            # From None throughout: the exceptions' texts quote the number.
            raise _meaning(error) from None
        except (RequestException, TransportError, TwilioException) as error:
            log.warning("twilio.unknown_outcome", error=type(error).__name__)
            raise SmsUnknownOutcome from None
        return SentSms(provider_id=message.sid)


def _meaning(error: TwilioRestException) -> SmsRefused | SmsBusy | SmsUnknownOutcome:
    if error.code == TOO_MANY_REQUESTS or error.status == 429:
        return SmsBusy()
    if error.status >= 500:
        return SmsUnknownOutcome()
    return SmsRefused(str(error.code))
