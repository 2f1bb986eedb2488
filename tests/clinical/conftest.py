from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User

SignedIn = Callable[[User], Client]


@pytest.fixture
def signed_in(db: None) -> SignedIn:
    """A browser of this person."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return browser
