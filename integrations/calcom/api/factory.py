from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from integrations.calcom.api.budget import Gate, Purpose, Share, shared_budget
from integrations.calcom.api.client import CalcomClient, CalcomConfig


def calcom_client(*, purpose: Purpose = "setup", shares: Sequence[Share] = ()) -> CalcomClient:
    """A client for our organisation. One per piece of work: it holds a session that threads must not share.

    `purpose` says whose share of the calls it uses: a patient's, the background's, or an operator's command, which
    waits for its turn. `shares` limit its calls further.
    """
    config = CalcomConfig(
        base_url=settings.CALCOM_API_URL,
        api_key=settings.CALCOM_API_KEY,
        org_id=settings.CALCOM_ORG_ID,
    )
    return CalcomClient(config, gate=Gate(shared_budget(), purpose, shares))
