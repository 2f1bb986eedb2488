"""What can go wrong when Cal.com is called, by what the caller may do next."""

from __future__ import annotations

import re

DEFAULT_RETRY_AFTER_SECONDS = 60
# The code of Cal.com sends seconds, a page of its documentation shows an epoch: more is not seconds.
MAX_RETRY_AFTER_SECONDS = 3600

_UNAVAILABLE = re.compile(r"already has booking|not available|no_available_users", re.IGNORECASE)
_ALREADY_CANCELLED = re.compile(r"cancelled( and rescheduled)? already|already cancelled", re.IGNORECASE)
_ALREADY_RESCHEDULED = re.compile(r"rescheduled already|already rescheduled", re.IGNORECASE)
_STRANGER = re.compile(r"not part of the organization|does not own", re.IGNORECASE)
_SAFE_VENDOR_CODE = re.compile(r"[A-Za-z_]{1,60}")


class CalcomError(Exception):
    """Any failure of a call. Its text is operation, status and code; `message` may hold personal data."""

    code = "calcom_error"
    retryable = False

    def __init__(
        self, operation: str, *, status: int | None = None, vendor_code: str | None = None, message: str = ""
    ) -> None:
        self.operation = operation
        self.status = status
        self.vendor_code = vendor_code if vendor_code and _SAFE_VENDOR_CODE.fullmatch(vendor_code) else None
        self.message = message
        parts = (self.code, operation, status, self.vendor_code)
        super().__init__(" ".join(str(part) for part in parts if part is not None))


class CalcomRefused(CalcomError):
    """Cal.com understood and said no (4xx): the same call again gets the same answer."""

    code = "calcom_refused"

    @property
    def is_unavailable(self) -> bool:
        """The time is taken or outside the hours. Also said to a retry of a create that had succeeded."""
        return self.status == 409 or (self.status == 400 and _UNAVAILABLE.search(self.message) is not None)

    @property
    def is_already_cancelled(self) -> bool:
        return self.status == 400 and _ALREADY_CANCELLED.search(self.message) is not None

    @property
    def is_already_rescheduled(self) -> bool:
        return self.status == 400 and _ALREADY_RESCHEDULED.search(self.message) is not None

    @property
    def is_stranger(self) -> bool:
        """The user is not, or no more, in our organisation, or not the schedule's owner; not a matter of our key."""
        return self.status == 403 and _STRANGER.search(self.message) is not None

    @property
    def is_not_found(self) -> bool:
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        return self.status == 409

    @property
    def is_credential_problem(self) -> bool:
        """The key is wrong, expired (498) or may not do this: an operator's matter, not the patient's."""
        return self.status in {401, 403, 498}


class CalcomRateLimited(CalcomError):
    """The key's budget is used up (429); nothing was done."""

    code = "calcom_rate_limited"
    retryable = True

    def __init__(self, operation: str, *, retry_after: int, message: str = "") -> None:
        super().__init__(operation, status=429, message=message)
        self.retry_after = retry_after


class CalcomUnavailable(CalcomError):
    """A read failed, or nothing was sent: calling again does no harm."""

    code = "calcom_unavailable"
    retryable = True


class CalcomUnknownOutcome(CalcomError):
    """A write was sent, its outcome is not known: look it up before deciding, never repeat it blindly."""

    code = "calcom_unknown_outcome"
