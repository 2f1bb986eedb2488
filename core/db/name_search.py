"""Finding people by the beginnings of their names, by index.

`profiles_name_words_idx` holds each word of a name, so that a family name is found like a first name, and "ada nor"
finds Ada North and Nora Adams alike. The words come from PostgreSQL's `simple` dictionary: lower case, nothing dropped.
"""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Func, TextField, Value

# Signs that make PostgreSQL take "Dr.Huber" for a host name, "a/b" for a path, and keep it whole.
_GLUE = "./@:_&?"


def name_words(path: str = "full_name") -> SearchVector:
    """The words of a name, as the index has them; `path` leads to the name."""
    apart = Func(F(path), Value(_GLUE), Value(" " * len(_GLUE)), function="translate", output_field=TextField())
    return SearchVector(apart, config="simple")


def words_of(text: str) -> list[str]:
    """What somebody typed, as the words to look for."""
    return re.findall(r"[^\W_]+", text)


def beginning_with(text: str) -> SearchQuery | None:
    """Names of which each typed word begins a word. None where no letter or digit was typed."""
    words = words_of(text)
    return SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw") if words else None
