"""The address Twilio reports to, and the proof that a report is Twilio's."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"
REFERENCE = "message"


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
