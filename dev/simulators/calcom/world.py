"""The simulated Cal.com organisation: what there is in it, kept in memory and on disk alike."""

from __future__ import annotations

import hashlib
import random
import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from dev.simulators.calcom.errors import ApiError, booking_not_found
from dev.simulators.calcom.records import (
    Booking,
    Delivery,
    EventType,
    Membership,
    OutOfOffice,
    Reservation,
    Schedule,
    Team,
    User,
    Webhook,
)
from dev.simulators.server import Store

UID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
UID_LENGTH = 22
OWNER_EMAIL = "owner@example.com"


class World:
    """Records by id. Hold `lock` over every read that must be whole and over every write."""

    def __init__(self, store: Store, *, org_id: int, seed: int | None = None) -> None:
        self.store = store
        self.org_id = org_id
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self._salt = str(seed) if seed is not None else f"{random.SystemRandom().random()}"
        self._last_now = datetime.min.replace(tzinfo=UTC)
        # The vendor switches the Admin API on, for each organisation; marks may be forbidden to a key.
        self.has_admin_api = self.allows_marks = True
        self._load()

    def _load(self) -> None:
        self.users = {user.id: user for user in self.store.load(User)}
        self.teams = {team.id: team for team in self.store.load(Team)}
        self.memberships = {row.id: row for row in self.store.load(Membership)}
        self.schedules = {schedule.id: schedule for schedule in self.store.load(Schedule)}
        self.event_types = {event_type.id: event_type for event_type in self.store.load(EventType)}
        self.bookings = {booking.uid: booking for booking in self.store.load(Booking)}
        self.webhooks = {webhook.id: webhook for webhook in self.store.load(Webhook)}
        self.time_off = {entry.id: entry for entry in self.store.load(OutOfOffice)}
        self.reservations = {entry.uid: entry for entry in self.store.load(Reservation)}
        self.deliveries = {delivery.id: delivery for delivery in self.store.load(Delivery)}
        if not self.users:
            self.add_user(email=OWNER_EMAIL, username="owner", time_zone="Europe/London", name="Owner")

    def reset(self) -> None:
        """Forget everything but the owner of the key, and switch on what may be switched off."""
        self.has_admin_api = self.allows_marks = True
        self.store.clear()
        self._load()

    def now(self) -> datetime:
        """The present to the millisecond, never going back and never the same twice."""
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last_now = max(now, self._last_now + timedelta(milliseconds=1))
        return self._last_now

    def new_uid(self, number: int) -> str:
        """An unguessable uid; with a seed, the same one for the same number."""
        value = int.from_bytes(hashlib.sha256(f"{self._salt}:{number}".encode()).digest())
        return "".join(UID_ALPHABET[value // 58**place % 58] for place in range(UID_LENGTH))

    def new_seat_uid(self) -> str:
        """Seats are named by UUIDs."""
        digest = hashlib.sha256(f"{self._salt}:seat:{self.store.next_id('seat')}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16]))

    def save(self, *records: BaseModel) -> None:
        """Write these, and only these, through to the disk."""
        self.store.put((_key(record), record) for record in records)

    def save_all(self, records: Iterable[BaseModel]) -> None:
        self.save(*records)

    @property
    def owner(self) -> User:
        return self.users[min(self.users)]

    def add_user(self, *, email: str, username: str, time_zone: str, name: str | None = None) -> User:
        """A member of the organisation, in lower case. Raises: ApiError where e-mail or username are there already."""
        email = email.lower()
        if any(user.email == email or user.username == username for user in self.users.values()):
            raise ApiError(409, "User already exists in the organization")
        user = User(
            id=self.store.next_id("user"),
            email=email,
            username=username,
            name=name,
            time_zone=time_zone,
            created_at=self.now(),
        )
        self.users[user.id] = user
        self.save(user)
        return user

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise ApiError(403, f"User with id={user_id} is not part of the organization with id={self.org_id}")
        return self.users[user_id]

    def team(self, team_id: int) -> Team:
        if team_id not in self.teams:
            raise ApiError(404, f"Team with id={team_id} not found")
        return self.teams[team_id]

    def members_of(self, team: Team) -> list[Membership]:
        return [row for row in self.memberships.values() if row.team_id == team.id]

    def event_type(self, event_type_id: int) -> EventType:
        if event_type_id not in self.event_types:
            raise ApiError(404, f"Event type with id={event_type_id} not found")
        return self.event_types[event_type_id]

    def booking(self, uid: str) -> Booking:
        if uid not in self.bookings:
            raise booking_not_found(uid)
        return self.bookings[uid]

    def series(self, recurring_uid: str) -> list[Booking]:
        """The visits of a series, by start; none where there is no such series."""
        rows = [row for row in self.bookings.values() if row.recurring_uid == recurring_uid]
        return sorted(rows, key=lambda row: (row.start, row.id))

    def schedule_for(self, event_type: EventType, host_id: int) -> Schedule | None:
        """The hours that count for this type and host: the type's own, else the host's default."""
        default = self.users[host_id].default_schedule_id if host_id in self.users else None
        return self.schedules.get(event_type.schedule_id or default or 0)


def _key(record: BaseModel) -> str:
    key = getattr(record, "uid", None) or getattr(record, "id", None)
    return f"{key:012d}" if isinstance(key, int) else str(key)
