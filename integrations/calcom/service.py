from __future__ import annotations

from django.conf import settings

from integrations.calcom.client import CalcomClient, CalcomConfig


def calcom_client() -> CalcomClient:
    """A client for our organisation. One per piece of work: it holds a session that threads must not share."""
    return CalcomClient(
        CalcomConfig(
            base_url=settings.CALCOM_API_URL,
            api_key=settings.CALCOM_API_KEY,
            org_id=settings.CALCOM_ORG_ID,
        )
    )
