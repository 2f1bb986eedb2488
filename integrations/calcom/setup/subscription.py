"""Our one webhook subscription: of the organisation, so that it covers every member and team."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import BOOKING_TRIGGERS
from integrations.calcom.api.responses import WebhookSubscription
from integrations.models import SubscriptionCheck

WEBHOOK_PATH = "/webhooks/calcom/"

EVERY_DAY = dt.timedelta(days=1)
EVERY_HOUR = dt.timedelta(hours=1)

Outcome = Literal["created", "repaired", "unchanged"]

PROBLEM_TEXTS = {
    "missing": _("Cal.com has no subscription of ours: nothing is sent to us."),
    "elsewhere": _("The subscription points to another address."),
    "inactive": _("The subscription is switched off: nothing is sent to us."),
    "other_secret": _("The subscription signs with another secret: what it sends is refused."),
    "fewer_triggers": _("The subscription leaves out events that we need."),
    "template": _("The subscription has a payload template: what it sends cannot be read here."),
    "several": _("More than one subscription is ours: every event comes twice."),
}


def ensure_subscription(client: CalcomClient) -> Outcome:
    """Make the subscription, or point the one we have at us again. Raises what the client raises."""
    url, secret = _address(), settings.CALCOM_WEBHOOK_SECRET[0]
    ours = _ours(client)
    if not ours:
        client.create_org_webhook(url=url, secret=secret)
        return "created"
    subscription = _chosen(ours)
    if not _problems_of(subscription):
        return "unchanged"
    client.update_org_webhook(subscription.id, url=url, secret=secret)
    return "repaired"


def subscription_problems(client: CalcomClient) -> list[str]:
    """What is wrong, by code (`PROBLEM_TEXTS`); none is well. Raises what the client raises."""
    ours = _ours(client)
    if not ours:
        return ["missing"]
    return _problems_of(_chosen(ours)) + (["several"] if len(ours) > 1 else [])


def check_subscription(*, at: dt.datetime) -> SubscriptionCheck:
    """Look, and keep what was found for the portal and the alarms."""
    client = calcom_client(purpose="background")
    try:
        found = SubscriptionCheck(checked_at=at, problems=subscription_problems(client))
    except CalcomError as error:
        found = SubscriptionCheck(checked_at=at, error=error.code)
    finally:
        client.close()
    found.save()
    return found


def check_subscription_if_due(*, at: dt.datetime) -> SubscriptionCheck | None:
    """Once a day; every hour while something is wrong or Cal.com could not be asked."""
    last = SubscriptionCheck.objects.filter(checked_at__lte=at).order_by("-pk").first()
    pause = EVERY_HOUR if last is not None and (last.problems or last.error) else EVERY_DAY
    return None if last is not None and at - last.checked_at < pause else check_subscription(at=at)


def _address() -> str:
    return settings.PUBLIC_BASE_URL + WEBHOOK_PATH


def _ours(client: CalcomClient) -> list[WebhookSubscription]:
    return [one for one in client.list_org_webhooks() if one.subscriber_url.endswith(WEBHOOK_PATH)]


def _chosen(ours: list[WebhookSubscription]) -> WebhookSubscription:
    return next((one for one in ours if one.subscriber_url == _address()), ours[0])


def _problems_of(one: WebhookSubscription) -> list[str]:
    found = {
        "elsewhere": one.subscriber_url != _address(),
        "inactive": not one.active,
        "other_secret": one.secret not in {None, settings.CALCOM_WEBHOOK_SECRET[0]},
        "template": bool(one.payload_template),
        "fewer_triggers": not set(BOOKING_TRIGGERS) <= set(one.triggers),
    }
    return [code for code, is_so in found.items() if is_so]
