"""Where Vapi is, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests


@dataclass(frozen=True, slots=True)
class VapiConfig:
    """`api_key` is the private key."""

    base_url: str
    api_key: str = field(repr=False)


class Bearer(requests.auth.AuthBase):
    """Sets our key. Requests would otherwise look for a password in ~/.netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request
