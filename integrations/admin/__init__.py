__all__ = ["booking_requests", "cal_links", "sync_runs", "unsettled", "vapi", "webhooks"]
