from integrations.models.booking_request import BookingRequest
from integrations.models.cal_link import CalLink
from integrations.models.cal_webhook import CalWebhook
from integrations.models.sync_run import SyncRun
from integrations.models.vapi_event import VapiEvent

__all__ = ["BookingRequest", "CalLink", "CalWebhook", "SyncRun", "VapiEvent"]
