"""What settings read from the environment.

Every question goes through `Env`, which collects what is missing or wrong and tells all of it at once, at
`done()`: whoever starts the program should not have to mend one variable to hear about the next. No value is
ever repeated in a message; most are secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

KEY_HINT = "python -c 'import secrets; print(secrets.token_urlsafe(48))' makes one; the first signs, all verify"
MINIMUM_KEY_LENGTH = 32
POSTGRES_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")


class EnvironmentProblem(ImproperlyConfigured):
    """Variables missing or wrong; its text has one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class _Required:
    """The default of a variable that must be set."""


REQUIRED: Final = _Required()


class Env:
    """Typed questions to `values` (the process environment).

    An empty variable counts as absent. Without a default a variable is required; a missing or wrong one gives
    an empty value of its type, so that settings can be read to their end.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.names: set[str] = set()
        self.problems: list[str] = []

    def text(self, name: str, default: str | _Required = REQUIRED, *, hint: str = "") -> str:
        return self._ask(name, str, default, empty="", hint=hint)

    def integer(self, name: str, default: int | _Required = REQUIRED, *, minimum: int = 0, hint: str = "") -> int:
        def parse(text: str) -> int:
            if not text.isdecimal() or int(text) < minimum:
                raise ValueError(f"is not a whole number from {minimum} up")
            return int(text)

        return self._ask(name, parse, default, empty=minimum, hint=hint)

    def flag(self, name: str, default: bool | _Required = REQUIRED, *, hint: str = "") -> bool:
        def parse(text: str) -> bool:
            if text.lower() not in TRUE_WORDS + FALSE_WORDS:
                raise ValueError("is neither true nor false")
            return text.lower() in TRUE_WORDS

        return self._ask(name, parse, default, empty=False, hint=hint)

    def choice(self, name: str, choices: Iterable[str], default: str | _Required = REQUIRED, *, hint: str = "") -> str:
        allowed = tuple(choices)

        def parse(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"is not one of {', '.join(allowed)}")
            return text

        return self._ask(name, parse, default, empty="", hint=hint)

    def items(self, name: str, default: Iterable[str] | _Required = REQUIRED, *, hint: str = "") -> list[str]:
        """A comma list; spaces around its parts do not count."""
        given = default if isinstance(default, _Required) else list(default)
        return self._ask(name, _split, given, empty=[], hint=hint)

    def keys(
        self,
        name: str,
        default: Iterable[str] | _Required = REQUIRED,
        *,
        minimum_length: int = MINIMUM_KEY_LENGTH,
        hint: str = KEY_HINT,
    ) -> list[str]:
        """A comma list of secrets."""

        def parse(text: str) -> list[str]:
            keys = _split(text)
            if not keys:
                raise ValueError("holds no key")
            if any(len(key) < minimum_length for key in keys):
                raise ValueError(f"holds a key of fewer than {minimum_length} characters")
            return keys

        given = default if isinstance(default, _Required) else list(default)
        return self._ask(name, parse, given, empty=[], hint=hint)

    def url(
        self,
        name: str,
        default: str | _Required = REQUIRED,
        *,
        schemes: tuple[str, ...] = ("http", "https"),
        hint: str = "",
    ) -> str:
        """An address with scheme and host; a slash at its end is cut off."""

        def parse(text: str) -> str:
            parts = _split_url(text, schemes)
            if not parts.hostname and parts.scheme != "unix":
                raise ValueError("has no host")
            return text.rstrip("/")

        return self._ask(name, parse, default, empty="", hint=hint)

    def redis(self, name: str, default: str | _Required = REQUIRED, *, hint: str = "redis://host:6379/0") -> str:
        return self.url(name, default, schemes=REDIS_SCHEMES, hint=hint)

    def database(
        self,
        name: str,
        default: str | _Required = REQUIRED,
        *,
        engine: str = "core.db.backend",
        hint: str = "postgres://user:password@host:5432/wardbook",
    ) -> dict[str, Any]:
        """One entry of DATABASES; a query string (`?sslmode=require`) becomes OPTIONS."""

        def parse(text: str) -> dict[str, Any]:
            _split_url(text, POSTGRES_SCHEMES)
            database: dict[str, Any] = environ.Env.db_url_config(text, engine=engine)
            if not database["NAME"]:
                raise ValueError("names no database")
            return database

        parsed = default if isinstance(default, _Required) else parse(default)
        return self._ask(name, parse, parsed, empty={}, hint=hint)

    def email(
        self,
        name: str,
        default: str | _Required = REQUIRED,
        *,
        hint: str = "smtp+tls://user:password@host:587",
    ) -> dict[str, Any]:
        """Django's EMAIL_* settings: `vars().update(env.email("EMAIL_URL"))`."""

        def parse(text: str) -> dict[str, Any]:
            _split_url(text, tuple(environ.Env.EMAIL_SCHEMES))
            settings: dict[str, Any] = environ.Env.email_url_config(text)
            return settings

        parsed = default if isinstance(default, _Required) else parse(default)
        return self._ask(name, parse, parsed, empty={}, hint=hint)

    def problem(self, name: str, what: str, *, hint: str = "") -> None:
        """Add a finding of the caller's: a variable needed only beside another, say."""
        line = f"{name}: {what}."
        if hint:
            line += f" Hint: {hint}."
        # A settings module whose import failed is imported again by Django, and asks again.
        if line not in self.problems:
            self.problems.append(line)

    def done(self) -> None:
        """Raises: EnvironmentProblem if any variable was missing or wrong."""
        if self.problems:
            raise EnvironmentProblem(self.problems)

    def _ask(self, name: str, parse: Callable[[str], T], default: T | _Required, *, empty: T, hint: str) -> T:
        self.names.add(name)
        text = self._values.get(name, "").strip()
        if text:
            try:
                return parse(text)
            except ValueError as wrong:
                self.problem(name, str(wrong), hint=hint)
                return empty
        if isinstance(default, _Required):
            self.problem(name, "is not set", hint=hint)
            return empty
        return default


def load_dotenv(path: Path, *, into: dict[str, str] | os._Environ[str] = os.environ) -> None:
    """Add the variables of a `.env` file, if there is one; what the environment already says stays."""
    if path.is_file():
        # django-environ writes to an attribute of the class.
        reader: Any = type("Reader", (environ.Env,), {"ENVIRON": into})
        reader.read_env(path, overwrite=False)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _split_url(text: str, schemes: tuple[str, ...]) -> Any:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "is not an address: its port must be a number, signs in its password percent-encoded"
        ) from None
    if parts.scheme not in schemes:
        raise ValueError(f"does not start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return parts
