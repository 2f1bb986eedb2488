from __future__ import annotations

import pytest
from django.test import RequestFactory

from core.client_address import client_address


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:51234", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:51234", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("192.0.2.1:", None),
        ("192.0.2.1:x", None),
        ("::1:x", None),
        ("unknown", None),
        ("1" * 65, None),
    ],
)
def test_an_entry_of_a_proxy_may_hold_a_port(entry: str, address: str | None) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": f"203.0.113.9, {entry}"})
    assert client_address(request, trusted_proxies=1) == address
