from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User

# A shorter part of a name, such as "de" or "Ann", is in many a good password by chance.
SHORTEST_WORD = 4


class OwnWordsValidator:
    """Refuses a password that holds a word of the person's name or email, whatever its case and accents."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is not None and any(word in _plain(password) for word in _words_of(user)):
            raise ValidationError(_("Leave out words of your name and email."), code="password_holds_own_words")

    def get_help_text(self) -> str:
        return _("Your password must not hold words of your name or email.")


def _words_of(user: User) -> set[str]:
    profile = getattr(user, "profile", None)
    name = profile.full_name if profile else ""
    local_part = (user.email or "").partition("@")[0]
    words = re.split(r"[\W_\d]+", f"{_plain(name)} {_plain(local_part)}")
    return {word for word in words if len(word) >= SHORTEST_WORD}


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
