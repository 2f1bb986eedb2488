from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from integrations.calcom.api.requests import BookingFilters
from tests.integrations.calcom.clinic import (
    HALF_HOUR,
    MONDAY_TEN,
    Clinic,
    call,
    control,
    counts,
    past_row,
)


def uids(clinic: Clinic, filters: BookingFilters) -> list[str]:
    return [row.uid for row in clinic.client.iter_org_bookings(filters)]


def test_lists_are_filtered(clinic: Clinic) -> None:
    one, two = clinic.book(), clinic.book(MONDAY_TEN + HALF_HOUR)
    clinic.client.cancel_booking(two.uid)
    control(
        clinic.simulator,
        "POST",
        "bookings",
        [past_row(clinic, "past"), past_row(clinic, "no", status="rejected")],
    )
    in_2050 = BookingFilters(after_start=datetime(2050, 1, 1, tzinfo=UTC))
    assert uids(clinic, BookingFilters()) == [one.uid, two.uid, "past", "no"]
    assert uids(clinic, BookingFilters(status=["upcoming"])) == [one.uid]
    assert uids(clinic, BookingFilters(status=["past"])) == ["past"]
    assert uids(clinic, BookingFilters(status=["cancelled"])) == [two.uid, "no"]
    assert uids(clinic, BookingFilters(status=["unconfirmed"])) == []
    assert uids(clinic, BookingFilters(status=["past", "upcoming"])) == [one.uid, "past"]
    assert uids(clinic, in_2050) == [one.uid, two.uid]
    assert uids(clinic, BookingFilters(before_end=MONDAY_TEN)) == ["past", "no"]
    assert uids(clinic, BookingFilters(attendee_email="PAST@example.com")) == ["past"]
    assert uids(clinic, BookingFilters(booking_uid=one.uid)) == [one.uid]
    assert uids(clinic, BookingFilters(event_type_ids=[999])) == []
    assert uids(clinic, BookingFilters(sort_start="desc"))[:2] == [two.uid, one.uid]


def test_lists_are_filtered_by_their_change(clinic: Clinic) -> None:
    one, two = clinic.book(), clinic.book(MONDAY_TEN + HALF_HOUR)
    changed = clinic.client.cancel_booking(one.uid)
    assert two.updated_at is not None
    assert changed.updated_at is not None
    assert uids(clinic, BookingFilters(sort_updated_at="asc")) == [two.uid, one.uid]
    assert uids(clinic, BookingFilters(after_updated_at=changed.updated_at)) == [one.uid]
    assert uids(clinic, BookingFilters(before_updated_at=two.updated_at)) == [two.uid]
    assert uids(clinic, BookingFilters(before_created_at=two.created_at)) == [one.uid, two.uid]


def test_totals_count_what_the_filter_by_change_leaves_out(clinic: Clinic) -> None:
    rows: list[JsonValue] = [past_row(clinic, f"p{n}", createdAt="2020-01-01T00:00:00Z") for n in range(5)]
    control(clinic.simulator, "POST", "bookings", rows)
    query = "take=3&afterUpdatedAt=2030-01-01T00:00:00Z&beforeEnd=2021-01-01T00:00:00Z"
    answer = call(clinic.simulator, "GET", f"/v2/organizations/1/bookings?{query}").json()
    assert (answer["data"], answer["pagination"]["totalItems"]) == ([], 5)
    assert (answer["pagination"]["returnedItems"], answer["pagination"]["hasNextPage"]) == (3, True)
    assert uids(clinic, BookingFilters(after_updated_at=datetime(2030, 1, 1, tzinfo=UTC))) == []


@pytest.mark.parametrize(("query", "status"), [("take=250", 200), ("take=251", 400), ("take=0", 400), ("skip=-1", 400)])
def test_pages_have_bounds(clinic: Clinic, query: str, status: int) -> None:
    assert call(clinic.simulator, "GET", f"/v2/organizations/1/bookings?{query}").status_code == status


def test_pages_say_where_they_are(clinic: Clinic) -> None:
    control(clinic.simulator, "POST", "bookings", [past_row(clinic, f"p{n}") for n in range(5)])
    answer = call(clinic.simulator, "GET", "/v2/organizations/1/bookings?take=2&skip=2").json()
    assert [row["uid"] for row in answer["data"]] == ["p2", "p3"]
    assert answer["pagination"] == {
        "totalItems": 5,
        "remainingItems": 1,
        "returnedItems": 2,
        "itemsPerPage": 2,
        "currentPage": 2,
        "totalPages": 3,
        "hasNextPage": True,
        "hasPreviousPage": True,
    }


def test_two_thousand_bookings_are_imported_at_once(clinic: Clinic) -> None:
    rows: list[JsonValue] = [past_row(clinic, f"p{n}") for n in range(2000)]
    assert control(clinic.simulator, "POST", "bookings", rows) == {"imported": 2000}
    assert counts(clinic.simulator)["bookings"] == 2000
    assert counts(clinic.simulator)["deliveries"] == 0
    assert clinic.client.list_org_bookings(BookingFilters()).total == 2000
