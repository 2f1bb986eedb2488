"""Whether vendors answer and take our keys: one call each that changes nothing."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import get_connection
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException

from config.installation.registry import Finding, broken, check, ok, warning
from integrations.calcom.api.errors import CalcomError
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.schedules.problem_texts import reason_text
from integrations.twilio.sms import twilio_client
from integrations.vapi.api.client import VapiError, VapiRefused
from integrations.vapi.chat import vapi_client

# Vapi knows no such call: 404 says that it answers, and took the key.
NO_CALL = "00000000-0000-0000-0000-000000000000"


@check("Cal.com", needs_database=False, is_outside=True)
def calcom() -> Iterator[Finding]:
    client = calcom_client(purpose="background")
    try:
        client.me()
    except CalcomError as error:
        yield broken(f"Cal.com: {reason_text(error.code)}", "See CALCOM_API_URL and CALCOM_API_KEY.")
    else:
        yield ok("Cal.com answers and takes our key.")
    finally:
        client.close()


@check("Twilio", needs_database=False, is_outside=True)
def twilio() -> Iterator[Finding]:
    if not settings.SMS_BACKEND.startswith("integrations.twilio."):
        yield ok("SMS do not go out through Twilio.")
        return
    hint = "See TWILIO_API_URL, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
    try:
        twilio_client().api.accounts(settings.TWILIO_ACCOUNT_SID).fetch()
    except TwilioRestException as error:
        yield broken(f"Twilio refuses us ({error.status}).", hint)
    except (RequestException, TwilioException):
        yield broken("Twilio does not answer.", hint)
    else:
        yield ok("Twilio answers and takes our token.")


@check("Vapi", needs_database=False, is_outside=True)
def vapi() -> Iterator[Finding]:
    if not settings.VAPI_API_KEY:
        yield warning("There is no assistant: VAPI_API_KEY is not set.")
        return
    hint = "See VAPI_API_URL and VAPI_API_KEY."
    client = vapi_client()
    try:
        client.get_call(NO_CALL)
    except VapiRefused as refusal:
        if not refusal.is_not_found:
            yield broken(f"Vapi refuses us ({refusal.status}).", hint)
            return
    except VapiError:
        yield broken("Vapi does not answer.", hint)
        return
    finally:
        client.close()
    yield ok("Vapi answers and takes our key.")


@check("mail", needs_database=False, is_outside=True)
def mail() -> Iterator[Finding]:
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        yield broken(f"The mail server does not let us in ({type(error).__name__}).", "See EMAIL_URL.")
        return
    server.close()
    yield ok("The mail server lets us in.")
