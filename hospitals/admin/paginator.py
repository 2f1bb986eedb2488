from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # the admin's signature is untyped
    """Counts no further than `COUNTED_ROWS`: a list of a million visits is narrowed by filters, not paged through."""

    COUNTED_ROWS = 1000
    template_name = "admin/pagination_bounded.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # The bound is inside the counted subquery, and its ORDER BY is not: any rows will do.
        return rows.order_by()[: self.COUNTED_ROWS].count()

    @property
    def is_bounded(self) -> bool:
        return self.count >= self.COUNTED_ROWS
