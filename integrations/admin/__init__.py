from integrations.admin import booking_requests, cal_links, sync_runs, vapi, webhooks

__all__ = ["booking_requests", "cal_links", "sync_runs", "vapi", "webhooks"]
