"""Our one webhook subscription: of the organisation, so that it covers every member and team."""

from __future__ import annotations

from typing import Literal

from django.conf import settings

from integrations.calcom.client import CalcomClient
from integrations.calcom.inputs import BOOKING_TRIGGERS

WEBHOOK_PATH = "/webhooks/calcom/"

Outcome = Literal["created", "repaired", "unchanged"]


def ensure_subscription(client: CalcomClient) -> Outcome:
    """Make the subscription, or point the one we have at us again. Raises what the client raises."""
    url, secret = settings.PUBLIC_BASE_URL + WEBHOOK_PATH, settings.CALCOM_WEBHOOK_SECRET[0]
    ours = [one for one in client.list_org_webhooks() if one.subscriber_url.endswith(WEBHOOK_PATH)]
    if not ours:
        client.create_org_webhook(url=url, secret=secret)
        return "created"
    subscription = next((one for one in ours if one.subscriber_url == url), ours[0])
    is_right = (
        subscription.subscriber_url == url
        and subscription.active
        and subscription.secret == secret
        and set(BOOKING_TRIGGERS) <= set(subscription.triggers)
    )
    if is_right:
        return "unchanged"
    client.update_webhook(subscription.id, url=url, secret=secret)
    return "repaired"
