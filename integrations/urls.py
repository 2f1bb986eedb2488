from __future__ import annotations

from django.urls import path

from integrations.calcom.inbound import webhook as calcom
from integrations.twilio import webhook as twilio
from integrations.vapi.inbound import webhook as vapi

urlpatterns = [
    path("calcom/", calcom.receive, name="calcom-webhook"),
    path("twilio/status/", twilio.status, name="twilio-status"),
    path("vapi/", vapi.receive, name="vapi-webhook"),
]
