from integrations.models.booking_request import BookingLookup, BookingRequest
from integrations.models.cal_link import CalConnection, CalLink
from integrations.models.cal_webhook import CalWebhook, SubscriptionCheck
from integrations.models.contract_check import ContractCheck
from integrations.models.sync_run import SyncDrift, SyncRun
from integrations.models.vapi import VapiEvent, VapiNumber

__all__ = [
    "BookingLookup",
    "BookingRequest",
    "CalConnection",
    "CalLink",
    "CalWebhook",
    "ContractCheck",
    "SubscriptionCheck",
    "SyncDrift",
    "SyncRun",
    "VapiEvent",
    "VapiNumber",
]
