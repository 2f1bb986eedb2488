from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import DeviceToken, Patient
from core.api.fields import (
    CodeField,
    OneLineField,
    StrictBooleanField,
    StrictCharField,
    StrictDateField,
    StrictSerializer,
    StrictUUIDField,
    TimeZoneField,
)
from core.api.schema import example
from core.phone_numbers import shown_phone
from core.text.lines import typed_line

EARLIEST_BIRTH_DATE = dt.date(1900, 1, 1)
_FURTHEST_EAST = dt.timezone(dt.timedelta(hours=14))


@example({"phone": "+436601234567"})
class PhoneNumberSerializer(StrictSerializer):
    phone = StrictCharField(max_length=40)


@example({"challenge_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10", "expires_in": 300, "resend_in": 60})
class ChallengeSerializer(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    resend_in = serializers.IntegerField(help_text="Seconds.")


@example(
    {
        "challenge_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "phone": "+436601234567",
        "otp": "1234",
        "device_name": "Pixel 9",
    }
)
class SignInSerializer(StrictSerializer):
    challenge_id = StrictUUIDField()
    phone = StrictCharField(max_length=40)
    otp = CodeField(max_length=10)
    device_name = OneLineField(max_length=100, required=False, allow_blank=True)


@example({"token": "7f3a..", "expires_at": "2026-04-01T10:00:00Z", "is_new": False, "step_up": False})
class SignedInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    is_new = serializers.BooleanField(help_text="Whether this sign-in made the account.")
    step_up = serializers.BooleanField(help_text="Whether the device must prove more before it sees the record.")


@example({"date_of_birth": "1990-02-28"})
class StepUpSerializer(StrictSerializer):
    date_of_birth = StrictDateField()


@example({"challenge_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10", "phone": "+436601234567", "otp": "1234"})
class PhoneChangeSerializer(StrictSerializer):
    challenge_id = StrictUUIDField()
    phone = StrictCharField(max_length=40)
    otp = CodeField(max_length=10)


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "name": "Pixel 9",
        "created_at": "2026-03-02T10:00:00Z",
        "last_used_at": None,
        "expires_at": "2026-04-01T10:00:00Z",
        "is_current": True,
    }
)
class DeviceSerializer(serializers.Serializer[DeviceToken]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Noted once a day.")
    expires_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()

    def to_representation(self, instance: DeviceToken) -> dict[str, Any]:
        return {
            "id": instance.public_id,
            "name": instance.device_name,
            "created_at": instance.created,
            "last_used_at": instance.last_used_at,
            "expires_at": instance.expiry,
            "is_current": instance.pk == self.context["request"].auth.pk,
        }


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "phone": "+436601234567",
        "full_name": "Paula Patient",
        "profile_image_url": None,
        "date_of_birth": "1990-02-28",
        "time_zone": "Europe/Vienna",
        "reminders": True,
    }
)
class MeSerializer(serializers.Serializer[Patient]):
    id = serializers.UUIDField()
    phone = serializers.CharField(help_text="E.164, with +.")
    full_name = serializers.CharField(allow_null=True, help_text="Null until a name is given.")
    profile_image_url = serializers.URLField(allow_null=True)
    date_of_birth = serializers.DateField(allow_null=True)
    time_zone = serializers.CharField(allow_null=True)
    reminders = serializers.BooleanField()

    def to_representation(self, instance: Patient) -> dict[str, Any]:
        profile = getattr(instance.user, "profile", None)
        return {
            "id": instance.user_id,
            "phone": shown_phone(instance.user.phone),
            "full_name": profile.full_name if profile else None,
            "profile_image_url": profile.profile_image_url if profile else None,
            "date_of_birth": instance.date_of_birth,
            "time_zone": instance.time_zone,
            "reminders": instance.reminders_enabled,
        }


@example({"full_name": "Paula Patient", "reminders": False})
class MeChangesSerializer(StrictSerializer):
    full_name = OneLineField(max_length=200, required=False)
    profile_image_url = StrictCharField(
        max_length=500, required=False, allow_null=True, validators=[URLValidator(schemes=["https"])]
    )
    date_of_birth = StrictDateField(required=False, allow_null=True)
    time_zone = TimeZoneField(required=False, allow_null=True)
    reminders = StrictBooleanField(required=False)

    def validate_full_name(self, value: str) -> str:
        name = typed_line(value)
        if not name:
            raise serializers.ValidationError(_("Give a name that can be seen."), code="blank")
        return name

    def validate_date_of_birth(self, value: dt.date | None) -> dt.date | None:
        # It may be a day later already where the person is.
        latest = timezone.now().astimezone(_FURTHEST_EAST).date()
        if value is not None and not EARLIEST_BIRTH_DATE <= value <= latest:
            raise serializers.ValidationError(_("Nobody alive was born on this day."), code="out_of_range")
        return value
