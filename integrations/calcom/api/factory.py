from __future__ import annotations

from django.conf import settings

from integrations.calcom.api.budget import Gate, Purpose, shared_budget
from integrations.calcom.api.client import CalcomClient, CalcomConfig


def calcom_client(*, purpose: Purpose = "setup") -> CalcomClient:
    """A client for our organisation. One per piece of work: it holds a session that threads must not share.

    `purpose` says whose share of the calls it uses: a patient's, the background's, or an operator's command, which
    waits for its turn.
    """
    config = CalcomConfig(
        base_url=settings.CALCOM_API_URL,
        api_key=settings.CALCOM_API_KEY,
        org_id=settings.CALCOM_ORG_ID,
    )
    return CalcomClient(config, gate=Gate(shared_budget(), purpose))
