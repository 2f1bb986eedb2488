from __future__ import annotations

from accounts.models import User
from accounts.staff_sign_in.password import BcryptSha256Hasher


class MeanwhileDeactivated(BcryptSha256Hasher):
    """Everyone is deactivated while a password is being checked."""

    def verify(self, password: str, encoded: str) -> bool:
        User.objects.update(is_active=False)
        return super().verify(password, encoded)
