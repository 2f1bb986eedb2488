"""Finding people by the beginnings of their names, by index.

`search_words`, a function of the database, gives the words of a name as `core.text.search` does, so that a family name
is found like a first name, and "ada nor" finds Ada North and Nora Adams alike.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func

from core.text.search import word_forms


class _WordQuery(SearchQuery):
    """A query as it is written: PostgreSQL's parser, which depends on the locale, does not read it again."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return super().as_sql(*args, **kwargs | {"template": "%(expressions)s::tsquery"})


def name_words(path: str = "full_name") -> Func:
    """The words of a name, as the index has them; `path` leads to the name."""
    return Func(F(path), function="search_words", output_field=SearchVectorField())


def beginning_with(text: str) -> SearchQuery | None:
    """Names of which each typed word begins a word. None where no letter or digit was typed."""
    words = ["(" + " | ".join(f"'{form}':*" for form in forms) + ")" for forms in word_forms(text)]
    return _WordQuery(" & ".join(words), search_type="raw") if words else None
