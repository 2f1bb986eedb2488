from __future__ import annotations

from accounts.hashers import BcryptSha256Hasher
from accounts.models import User


class MeanwhileDeactivated(BcryptSha256Hasher):
    """Everyone is deactivated while a password is being checked."""

    def verify(self, password: str, encoded: str) -> bool:
        User.objects.update(is_active=False)
        return super().verify(password, encoded)
