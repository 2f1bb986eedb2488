from __future__ import annotations

from django.urls import path

from integrations.calcom import webhooks as calcom

urlpatterns = [path("calcom/", calcom.receive, name="calcom-webhook")]
