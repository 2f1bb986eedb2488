"""Where messages to the person wait for the next page: in a cookie whose name is a setting."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class NamedCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """Django's: the cookie, and the session for what does not fit."""

    storage_classes: ClassVar[tuple[type[BaseStorage], ...]] = (NamedCookieStorage, SessionStorage)  # type: ignore[misc]
