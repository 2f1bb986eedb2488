from __future__ import annotations

from socket import gaierror

import pytest
from requests.exceptions import ConnectionError as TransportError
from requests.exceptions import ConnectTimeout, ReadTimeout
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)

from integrations.http_failures import was_never_sent

POOL = HTTPSConnectionPool("vendor.test")
CONNECTION = HTTPSConnection("vendor.test")


def failed(reason: Exception) -> TransportError:
    return TransportError(MaxRetryError(POOL, "/", reason))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectTimeout(), True),
        (failed(NewConnectionError(CONNECTION, "refused")), True),
        (failed(NameResolutionError("vendor.test", CONNECTION, gaierror())), True),
        (failed(ConnectTimeoutError()), True),
        (failed(ProtocolError("reset")), False),
        (TransportError("gone"), False),
        (TransportError(), False),
        (ReadTimeout("slow"), False),
        (ValueError(), False),
    ],
)
def test_only_a_connection_that_never_was_sent_nothing(error: Exception, expected: bool) -> None:
    assert was_never_sent(error) is expected
