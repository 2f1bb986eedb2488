"""What we ask of Cal.com (API v2), an operation each; `transport` sends it.

E-mails are sent in lower case: Cal.com stores them so, and compares them as they are written.

Every method may raise CalcomRefused, CalcomRateLimited or CalcomUnavailable; one that writes also
CalcomUnknownOutcome. Nothing here repeats a call: there is no idempotency key on any operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import structlog
from pydantic import JsonValue

from integrations.calcom.api.answers import Answer, BookingPage, read_booking_page
from integrations.calcom.api.config import CalcomConfig as CalcomConfig
from integrations.calcom.api.errors import CalcomUnavailable
from integrations.calcom.api.requests import (
    BOOKING_TRIGGERS,
    Attendee,
    BookingFilters,
    EventTypeChanges,
    EventTypeInput,
    NewBooking,
    ScheduleInput,
    username_for,
    utc_text,
    webhook_body,
)
from integrations.calcom.api.responses import (
    Booking,
    EventType,
    Me,
    OrgUser,
    Schedule,
    Slot,
    TeamMember,
    WebhookSubscription,
    readable,
)
from integrations.calcom.api.transport import Transport

log = structlog.get_logger(__name__)

BOOKINGS_PER_PAGE = 250


class CalcomClient(Transport):
    """One organisation's Cal.com. Not to be shared between threads: it holds one HTTP session."""

    def look(self, operation: str, path: str, *, query: Mapping[str, str] | None = None) -> Answer:
        """A read whose answer is wanted as it came. `{org}` in the path stands for our organisation's."""
        return self._call(operation, "GET", path.replace("{org}", self._org), query=query)

    def me(self) -> Me:
        return self._read("me", "/v2/me", Me)

    def list_org_users(self, *, emails: Sequence[str] = (), take: int = 1000, skip: int = 0) -> list[OrgUser]:
        query = {"take": str(take), "skip": str(skip)} | ({"emails": ",".join(emails).lower()} if emails else {})
        return self._read_rows("list_org_users", f"{self._org}/users", OrgUser, query=query)

    def create_org_user(self, *, email: str, name: str, time_zone: str) -> OrgUser:
        """Add a member; an existing one is refused. Cal.com takes no name here: it goes into the username."""
        body: dict[str, JsonValue] = {
            "email": email.lower(),
            "username": username_for(name, email),
            "timeZone": time_zone,
            "locale": "en",
            "organizationRole": "MEMBER",
            "autoAccept": True,
        }
        return self._write("create_org_user", "POST", f"{self._org}/users", OrgUser, body=body)

    def list_user_schedules(self, user_id: int) -> list[Schedule]:
        return self._read_rows("list_user_schedules", f"{self._org}/users/{user_id}/schedules", Schedule)

    def list_org_schedules(self, *, take: int = 250, skip: int = 0) -> list[Schedule]:
        query = {"take": str(take), "skip": str(skip)}
        return self._read_rows("list_org_schedules", f"{self._org}/schedules", Schedule, query=query)

    def create_user_schedule(self, user_id: int, schedule: ScheduleInput) -> Schedule:
        path = f"{self._org}/users/{user_id}/schedules"
        return self._write("create_user_schedule", "POST", path, Schedule, body=schedule.body())

    def get_user_schedule(self, user_id: int, schedule_id: int) -> Schedule:
        path = f"{self._org}/users/{user_id}/schedules/{schedule_id}"
        return self._read("get_user_schedule", path, Schedule)

    def update_user_schedule(self, user_id: int, schedule_id: int, schedule: ScheduleInput) -> Schedule:
        """Replace the whole schedule: Cal.com knows no partial change of hours."""
        path = f"{self._org}/users/{user_id}/schedules/{schedule_id}"
        return self._write("update_user_schedule", "PATCH", path, Schedule, body=schedule.body())

    def delete_user_schedule(self, user_id: int, schedule_id: int) -> None:
        path = f"{self._org}/users/{user_id}/schedules/{schedule_id}"
        self._call("delete_user_schedule", "DELETE", path)

    def list_team_members(self, team_id: int, *, take: int = 250, skip: int = 0) -> list[TeamMember]:
        query = {"take": str(take), "skip": str(skip)}
        path = f"{self._org}/teams/{team_id}/memberships"
        return self._read_rows("list_team_members", path, TeamMember, query=query)

    def add_team_member(self, team_id: int, user_id: int) -> TeamMember:
        """Make a member of the organisation one of the team's: only these can be hosts of its event types."""
        body: dict[str, JsonValue] = {"userId": user_id, "accepted": True, "role": "MEMBER"}
        path = f"{self._org}/teams/{team_id}/memberships"
        return self._write("add_team_member", "POST", path, TeamMember, body=body)

    def list_team_event_types(self, team_id: int, *, slug: str | None = None) -> list[EventType]:
        query = {"eventSlug": slug} if slug else None
        path = f"{self._org}/teams/{team_id}/event-types"
        return self._read_rows("list_team_event_types", path, EventType, query=query)

    def create_team_event_type(self, team_id: int, event_type: EventTypeInput) -> EventType:
        path = f"{self._org}/teams/{team_id}/event-types"
        return self._write("create_team_event_type", "POST", path, EventType, body=event_type.body())

    def update_team_event_type(self, team_id: int, event_type_id: int, changes: EventTypeChanges) -> EventType:
        path = f"{self._org}/teams/{team_id}/event-types/{event_type_id}"
        return self._write("update_team_event_type", "PATCH", path, EventType, body=changes.body())

    def slots(
        self, *, event_type_id: int, start: datetime, end: datetime, time_zone: str = "UTC"
    ) -> dict[str, list[Slot]]:
        """Free times by local date of `time_zone`, start and end in UTC. Sent without our key."""
        query = {
            "eventTypeId": str(event_type_id),
            "start": utc_text(start),
            "end": utc_text(end),
            "timeZone": time_zone,
            "format": "range",
        }
        answer = self._call("slots", "GET", "/v2/slots", query=query)
        return self._parsed("slots", dict[str, list[Slot]], answer, is_write=False)

    def create_booking(
        self, *, start: datetime, event_type_id: int, attendee: Attendee, metadata: Mapping[str, str]
    ) -> Booking:
        """Book. After CalcomUnknownOutcome or `is_unavailable` look for our reference before trying again."""
        body = NewBooking(event_type_id, start, attendee, metadata).body()
        return self._write("create_booking", "POST", "/v2/bookings", Booking, body=body)

    def get_booking(self, uid: str) -> Booking:
        """The booking of this uid; of a recurring series, the occurrence with this uid or the first."""
        series = self.get_bookings(uid)
        return next((booking for booking in series if booking.uid == uid), series[0])

    def get_bookings(self, uid: str) -> list[Booking]:
        """The booking of this uid, or all of a series where the uid is the series' own; never empty."""
        answer = self._call("get_booking", "GET", _booking_path(uid))
        if not isinstance(answer.data, list):
            return [self._parsed("get_booking", Booking, answer, is_write=False)]
        series = readable(Booking, answer.data)
        if not series:
            raise CalcomUnavailable("get_booking")
        return series

    def list_org_bookings(
        self, filters: BookingFilters, *, take: int = BOOKINGS_PER_PAGE, skip: int = 0
    ) -> BookingPage:
        """One page of the organisation's bookings. Cal.com has ignored filters before: check what matters."""
        query = filters.query() | {"take": str(take), "skip": str(skip)}
        answer = self._call("list_org_bookings", "GET", f"{self._org}/bookings", query=query)
        page = read_booking_page("list_org_bookings", answer, take=take)
        if page.unreadable:
            log.warning("calcom.rows_unreadable", operation="list_org_bookings", rows=page.unreadable)
        return page

    def iter_org_bookings(self, filters: BookingFilters, *, take: int = BOOKINGS_PER_PAGE) -> Iterator[Booking]:
        """All pages, one call each. Rows that change meanwhile may come twice or be passed over."""
        skip = 0
        while True:
            page = self.list_org_bookings(filters, take=take, skip=skip)
            yield from page.bookings
            skip += take
            if not page.has_next:
                return

    def cancel_booking(self, uid: str, *, reason: str = "") -> Booking:
        """Cancel. `is_already_cancelled` on the refusal means the wish is fulfilled."""
        body: dict[str, JsonValue] = {"cancellationReason": reason} if reason else {}
        return self._write("cancel_booking", "POST", _booking_path(uid, "cancel"), Booking, body=body)

    def reschedule_booking(self, uid: str, *, start: datetime, reason: str = "", rescheduled_by: str = "") -> Booking:
        """Move. The answer is a NEW booking with a new uid; the old one is cancelled.

        `rescheduled_by` is the organizer's e-mail where the move needs no confirmation by the organizer.
        """
        optional = {"reschedulingReason": reason, "rescheduledBy": rescheduled_by.lower()}
        body: dict[str, JsonValue] = {"start": utc_text(start), **{k: v for k, v in optional.items() if v}}
        return self._write("reschedule_booking", "POST", _booking_path(uid, "reschedule"), Booking, body=body)

    def confirm_booking(self, uid: str) -> Booking:
        return self._write("confirm_booking", "POST", _booking_path(uid, "confirm"), Booking)

    def decline_booking(self, uid: str, *, reason: str = "") -> Booking:
        body: dict[str, JsonValue] = {"reason": reason} if reason else {}
        return self._write("decline_booking", "POST", _booking_path(uid, "decline"), Booking, body=body)

    def mark_absent(self, uid: str, *, attendee_email: str, absent: bool = True) -> Booking:
        """Say that the patient did not come (or did). Refused before the start. The email is as the booking has it."""
        body: dict[str, JsonValue] = {"attendees": [{"email": attendee_email, "absent": absent}]}
        return self._write("mark_absent", "POST", _booking_path(uid, "mark-absent"), Booking, body=body)

    def list_org_webhooks(self) -> list[WebhookSubscription]:
        return self._read_rows("list_org_webhooks", f"{self._org}/webhooks", WebhookSubscription)

    def create_org_webhook(
        self, *, url: str, secret: str, triggers: Sequence[str] = BOOKING_TRIGGERS
    ) -> WebhookSubscription:
        """Subscribe the organisation. The same URL twice is refused with `is_conflict`."""
        body = webhook_body(url, secret, triggers)
        return self._write("create_org_webhook", "POST", f"{self._org}/webhooks", WebhookSubscription, body=body)

    def update_org_webhook(
        self, webhook_id: str, *, url: str, secret: str, triggers: Sequence[str] = BOOKING_TRIGGERS
    ) -> WebhookSubscription:
        """Change a subscription of the organisation. The user's route, `/v2/webhooks/{id}`, refuses it with 403."""
        body = webhook_body(url, secret, triggers)
        path = f"{self._org}/webhooks/{quote(webhook_id, safe='')}"
        return self._write("update_org_webhook", "PATCH", path, WebhookSubscription, body=body)


def _booking_path(uid: str, action: str = "") -> str:
    return f"/v2/bookings/{quote(uid, safe='')}" + (f"/{action}" if action else "")
