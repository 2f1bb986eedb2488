from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory

from clinical.dashboard.pages import outcome_told
from core.refusals import NotFound, NotPermitted, Refused


@pytest.mark.parametrize(("refusal", "page"), [(NotFound, Http404), (NotPermitted, PermissionDenied)])
def test_what_is_not_there_or_not_theirs_is_a_page_of_its_own(refusal: type[Refused], page: type[Exception]) -> None:
    """Django answers 404 and 403; a message would lead back to a page that they may not open."""
    with pytest.raises(page), outcome_told(RequestFactory().post("/"), "Done."):
        raise refusal
