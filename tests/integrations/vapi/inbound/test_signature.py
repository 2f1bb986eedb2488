"""Who may send: several secrets, two ways, and nothing old."""

from __future__ import annotations

import pytest

from integrations.vapi.inbound.signature import SECRET_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign, verify

NOW = 1_763_630_166.5
BODY = b'{"message": {}}'
SECRETS = ("new-secret", "old-secret")


def signed(secret: str = "new-secret", timestamp: str = "1763630166", prefix: str = "") -> dict[str, str]:
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: prefix + sign(secret, timestamp, BODY)}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("timestamp", ["1763630166", "1763630166600", "1763629867", "1763630466"])
@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_each_secret_signs_in_seconds_or_milliseconds(secret: str, timestamp: str, prefix: str) -> None:
    assert verify(SECRETS, BODY, signed(secret, timestamp, prefix), now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed("another"),
        signed(timestamp="1763629866"),
        signed(timestamp="1763630467"),
        signed(timestamp=""),
        signed(timestamp="-1763630166"),
        signed(timestamp="9" * 400),
        signed(timestamp="\u0661"),
        signed() | {TIMESTAMP_HEADER: "1763630167"},
        {SIGNATURE_HEADER: sign("new-secret", "", BODY)},
        {SIGNATURE_HEADER: "\udce4\u00e9", TIMESTAMP_HEADER: "1763630166"},
        {SECRET_HEADER: ""},
        {SECRET_HEADER: "wrong"},
        {SECRET_HEADER: "\udce4"},
        # The plain secret does not mend a signature that is wrong.
        {SECRET_HEADER: "new-secret"} | signed("another"),
    ],
)
def test_all_else_is_refused(headers: dict[str, str]) -> None:
    assert not verify(SECRETS, BODY, headers, now=NOW)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_older_way_is_the_secret_itself(secret: str) -> None:
    assert verify(SECRETS, BODY, {SECRET_HEADER: secret}, now=NOW)


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nobody_may(secrets: tuple[str, ...]) -> None:
    assert not verify(secrets, BODY, signed(""), now=NOW)
    assert not verify(secrets, BODY, {SECRET_HEADER: ""}, now=NOW)
