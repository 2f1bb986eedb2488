"""What a failed call to a vendor may have done there. Used by their clients: imports no app, and no Django."""

from __future__ import annotations

from requests.exceptions import ConnectionError as TransportError
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError


def was_never_sent(error: Exception) -> bool:
    """Whether no connection came about, so that the vendor cannot have acted: the call may be made again.

    A connection that broke later may have carried the request.
    """
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, TransportError) and error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
