from integrations.models.booking_lookup import BookingLookup
from integrations.models.booking_request import BookingRequest
from integrations.models.cal_connection import CalConnection
from integrations.models.cal_link import CalLink
from integrations.models.cal_webhook import CalWebhook
from integrations.models.subscription_check import SubscriptionCheck
from integrations.models.sync_drift import SyncDrift
from integrations.models.sync_run import SyncRun
from integrations.models.vapi_event import VapiEvent
from integrations.models.vapi_number import VapiNumber

__all__ = [
    "BookingLookup",
    "BookingRequest",
    "CalConnection",
    "CalLink",
    "CalWebhook",
    "SubscriptionCheck",
    "SyncDrift",
    "SyncRun",
    "VapiEvent",
    "VapiNumber",
]
