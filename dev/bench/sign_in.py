"""Staff sign-in against the cost of the one hash it must make, and known against unknown emails."""

from __future__ import annotations

import base64
import hashlib
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
import psycopg
import requests

from dev.bench.rows import WrongAnswer

SAMPLES = 50
MOST_OF_HASH = 1.2
MOST_APART = 0.1
TIMEOUT_SECONDS = 20
_EMAIL, _PASSWORD = "doctor0@bench.example", "a-long-bench-password"
_COST = 12


@dataclass(frozen=True, slots=True)
class SignInTimes:
    """Medians, in milliseconds, of as many samples taken in turn."""

    hash_ms: float
    right_ms: float
    known_ms: float
    unknown_ms: float

    @property
    def of_hash(self) -> float:
        return self.right_ms / self.hash_ms

    @property
    def known_of_unknown(self) -> float:
        return self.known_ms / self.unknown_ms

    def lines(self) -> list[str]:
        return [
            f"Sign-in {self.right_ms:.0f} ms, its hash alone {self.hash_ms:.0f} ms: "
            f"ratio {self.of_hash:.2f} ({_verdict(self.of_hash <= MOST_OF_HASH)}, at most {MOST_OF_HASH})",
            f"Wrong password {self.known_ms:.0f} ms, unknown email {self.unknown_ms:.0f} ms: "
            f"ratio {self.known_of_unknown:.2f} "
            f"({_verdict(abs(self.known_of_unknown - 1) <= MOST_APART)}, at most {MOST_APART:.0%} apart)",
        ]


def measure_sign_in(base: str, database: str, *, samples: int = SAMPLES) -> SignInTimes:
    """Against a server under `SETTINGS`. Raises: WrongAnswer"""
    digest = base64.b16encode(hashlib.sha256(_PASSWORD.encode()).digest()).lower()
    hashed = bcrypt.hashpw(digest, bcrypt.gensalt(_COST))
    steps: dict[str, Callable[[int], None]] = {
        "hash_ms": lambda _: _same(bcrypt.checkpw(digest, hashed), True),
        "right_ms": lambda _: _same(_post(base, _EMAIL, _PASSWORD), 302),
        "known_ms": lambda _: _same(_post(base, _EMAIL, "wrong"), 422),
        "unknown_ms": lambda number: _same(_post(base, f"nobody{number}@bench.example", "wrong"), 422),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    with psycopg.connect(database, autocommit=True) as connection:
        for number in range(-2, samples):  # the first rounds warm up
            # Ever new emails are unknown for the first time, and a known one is never closed.
            connection.execute("DELETE FROM guess_counters WHERE kind = 'staff_email'")
            connection.execute(
                "UPDATE users SET password_hash = %s, login_attempts = 0, lockout_until = NULL WHERE email = %s",
                (f"bcrypt_sha256${hashed.decode()}", _EMAIL),
            )
            for name, step in steps.items():
                began = time.perf_counter()
                step(number)
                if number >= 0:
                    times[name].append((time.perf_counter() - began) * 1000)
    return SignInTimes(**{name: statistics.median(values) for name, values in times.items()})


def _post(base: str, email: str, password: str) -> int:
    token = secrets.token_hex(16)
    return requests.post(
        f"{base}/staff/login/",
        data={"email": email, "password": password, "csrfmiddlewaretoken": token},
        cookies={"csrftoken": token},
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    ).status_code


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise WrongAnswer(f"sign-in: {found} instead of {wanted}")


def _verdict(holds: bool) -> str:
    return "holds" if holds else "MISSED"
