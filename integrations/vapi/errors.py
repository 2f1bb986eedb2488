"""What can go wrong when Vapi is called, by what the caller may do next."""

from __future__ import annotations

NOT_FOUND = 404


class VapiError(Exception):
    """Any failure of a call. Its text is operation, status and code: never what was said."""

    code = "vapi_error"

    def __init__(self, operation: str, *, status: int | None = None) -> None:
        self.operation = operation
        self.status = status
        super().__init__(" ".join(str(part) for part in (self.code, operation, status) if part is not None))


class VapiRefused(VapiError):
    """Vapi understood and said no (4xx): the same call again gets the same answer."""

    code = "vapi_refused"

    @property
    def is_not_found(self) -> bool:
        return self.status == NOT_FOUND


class VapiUnavailable(VapiError):
    """No clear answer: not reached, too slow, too busy (429), broken. Vapi may have acted all the same.

    Asking again does no harm beyond its cost: a chat's turn that nobody saw is in no transcript of ours.
    """

    code = "vapi_unavailable"
