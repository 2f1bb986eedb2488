"""The simulator's refusals, in the shapes Cal.com's exception filters give them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

NAMES = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    409: "ConflictException",
    422: "UnprocessableEntityException",
    429: "ThrottlerException",
    500: "INTERNAL_SERVER_ERROR",
}


class ApiError(Exception):
    """Ends a simulated call with an error envelope."""

    def __init__(self, status: int, message: str, *, code: str = "", errors: Sequence[JsonValue] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or NAMES[status]
        self.errors = errors

    def envelope(self, path: str) -> dict[str, JsonValue]:
        """The JSON of this refusal."""
        details: dict[str, JsonValue] = {"message": self.message, "statusCode": self.status}
        if self.errors is not None:
            details["errors"] = list(self.errors)
        error: dict[str, JsonValue] = {"code": self.code, "message": self.message, "details": details}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"status": "error", "timestamp": now, "path": path, "error": error}


def booking_not_found(uid: str) -> ApiError:
    return ApiError(404, f"Booking with uid={uid} was not found in the database")
