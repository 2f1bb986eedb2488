"""What can go wrong when Cal.com is called, by what the caller may do next."""

from __future__ import annotations

import re

DEFAULT_RETRY_AFTER_SECONDS = 60
# The code of Cal.com sends seconds, a page of its documentation shows an epoch: more is not seconds.
MAX_RETRY_AFTER_SECONDS = 3600

_UNAVAILABLE = re.compile(
    r"already has booking|not available|no_available_users"
    # Outside the notice, the booking window or the hours; and in the past.
    r"|can't be booked at the \"start\" time|book a meeting in the past",
    re.IGNORECASE,
)
_ALREADY_CANCELLED = re.compile(
    r"has been cancelled|cancelled( and rescheduled)? already|already cancelled", re.IGNORECASE
)
_ALREADY_RESCHEDULED = re.compile(r"rescheduled already|already rescheduled", re.IGNORECASE)
# The host asked for another time: marked as moved, and no booking that it was moved to.
_ASKED_TO_MOVE = re.compile(r"rescheduled already to booking with uid=undefined", re.IGNORECASE)
_STRANGER = re.compile(r"not part of the organization|does not own", re.IGNORECASE)
_INVALID_PHONE = re.compile(r"\{attendeePhoneNumber\}invalid_number", re.IGNORECASE)
_NO_ADMIN_API = re.compile(r"does not have Admin API access", re.IGNORECASE)
# What stands before the operation names itself so (`PermissionsGuard - ..`); NestJS's own words are the other.
_GUARD = re.compile(r"^Forbidden resource$|^\w*Guard\b|\bscopes?\b", re.IGNORECASE)
# Here a 403 of the operation itself is a rule of the event type: booking limits, notice for moves, a blocked booker.
_OF_A_VISIT = frozenset({"create_booking", "reschedule_booking", "cancel_booking"})
_MARK_REFUSED = "Failed to update no-show status"
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
        super().__init__(operation)

    def __str__(self) -> str:
        parts = (self.code, self.operation, self.status, self.vendor_code)
        return " ".join(str(part) for part in parts if part is not None)


class CalcomRefused(CalcomError):
    """Cal.com understood and said no (4xx): the same call again gets the same answer."""

    code = "calcom_refused"

    def __init__(
        self, operation: str, *, status: int | None = None, vendor_code: str | None = None, message: str = ""
    ) -> None:
        super().__init__(operation, status=status, vendor_code=vendor_code, message=message)
        if self.has_no_admin_api:
            self.code = "calcom_admin_api"
        elif self.is_credential_problem:
            self.code = "calcom_key"

    @property
    def is_unavailable(self) -> bool:
        """The time is taken, past, or outside hours, notice and window.

        Also said to a retry of a create that had succeeded.
        """
        return self.status == 409 or (self.status == 400 and _UNAVAILABLE.search(self.message) is not None)

    @property
    def is_already_cancelled(self) -> bool:
        return self.status == 400 and _ALREADY_CANCELLED.search(self.message) is not None

    @property
    def is_already_rescheduled(self) -> bool:
        return self.status == 400 and _ALREADY_RESCHEDULED.search(self.message) is not None

    @property
    def is_asked_to_move(self) -> bool:
        """The host asked for another time: the API moves such a booking no more, it has to be booked anew."""
        return self.status == 400 and _ASKED_TO_MOVE.search(self.message) is not None

    @property
    def is_invalid_phone(self) -> bool:
        return self.status == 400 and _INVALID_PHONE.search(self.message) is not None

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
    def has_no_admin_api(self) -> bool:
        """The vendor has not switched the Admin API on for our organisation; the key may be right."""
        return self.status == 403 and _NO_ADMIN_API.search(self.message) is not None

    @property
    def is_credential_problem(self) -> bool:
        """The key is wrong, expired (498) or may not do this: an operator's matter, not the patient's."""
        if self.status == 403 and self.operation in _OF_A_VISIT:
            return _GUARD.search(self.message) is not None
        return self.status in {401, 498} or (self.status == 403 and not self.is_stranger)


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

    @property
    def is_refused_mark(self) -> bool:
        """Cal.com says every refusal of a no-show mark as this 500, "not allowed" too."""
        return self.status == 500 and self.message.startswith(_MARK_REFUSED)
