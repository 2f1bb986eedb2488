"""Password hashes: Django's bcrypt over SHA-256, and bare bcrypt hashes that other programs left in the table."""

from __future__ import annotations

import bcrypt
from django.conf import settings
from django.contrib.auth.hashers import BCryptPasswordHasher, BCryptSHA256PasswordHasher

# bcrypt reads no more of a password than this; programs that stored bare hashes cut it off too.
BCRYPT_MAX_BYTES = 72
BARE_PREFIXES = ("$2a$", "$2b$", "$2y$")


class BcryptSha256Hasher(BCryptSHA256PasswordHasher):
    """Django's, with the cost from `BCRYPT_ROUNDS`, and a malformed hash simply wrong."""

    @property
    def rounds(self) -> int:  # type: ignore[override]
        return int(settings.BCRYPT_ROUNDS)

    def verify(self, password: str, encoded: str) -> bool:
        try:
            return super().verify(password, encoded)
        except (ValueError, AssertionError, IndexError):
            return False


class BareBcryptHasher(BCryptPasswordHasher):
    """Verifies `bcrypt_bare$<hash>`, the form that `password` gives a bare `$2a$` or `$2b$` hash. Never encodes."""

    algorithm = "bcrypt_bare"

    def verify(self, password: str, encoded: str) -> bool:
        bare = encoded.removeprefix(f"{self.algorithm}$").encode()
        try:
            return bcrypt.checkpw(password.encode()[:BCRYPT_MAX_BYTES], bare)
        except ValueError:
            return False

    def must_update(self, encoded: str) -> bool:
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out: the preferred hasher runs next, to re-encode."""
