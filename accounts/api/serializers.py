from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.fields import (
    OneLineField,
    StrictBooleanField,
    StrictCharField,
    StrictDateField,
    StrictSerializer,
    StrictUUIDField,
    TimeZoneField,
)
from accounts.models import DeviceToken, Patient
from accounts.phone_numbers import shown_phone

EARLIEST_BIRTH_DATE = dt.date(1900, 1, 1)


class OtpRequestSerializer(StrictSerializer):
    phone = StrictCharField(max_length=40)


class ChallengeSerializer(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    resend_in = serializers.IntegerField(help_text="Seconds.")


class OtpVerifySerializer(StrictSerializer):
    challenge_id = StrictUUIDField()
    phone = StrictCharField(max_length=40)
    otp = StrictCharField(max_length=10)
    device_name = OneLineField(max_length=100, required=False, allow_blank=True, default="")


class SignedInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    is_new = serializers.BooleanField(help_text="Whether this sign-in made the account.")
    step_up = serializers.BooleanField(help_text="Whether the device must prove more before it sees the record.")


class StepUpSerializer(StrictSerializer):
    date_of_birth = StrictDateField()


class PhoneChangeSerializer(StrictSerializer):
    """First the new number alone; then with the challenge and the code that was sent to it."""

    phone = StrictCharField(max_length=40)
    challenge_id = StrictUUIDField(required=False)
    otp = StrictCharField(max_length=10, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for given, missing in (("challenge_id", "otp"), ("otp", "challenge_id")):
            if given in attrs and missing not in attrs:
                error = serializers.ErrorDetail(str(_("This is needed too.")), code="required")
                raise serializers.ValidationError({missing: [error]})
        return attrs


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


class ProfileChangesSerializer(StrictSerializer):
    full_name = OneLineField(max_length=200, required=False)
    profile_image_url = StrictCharField(
        max_length=500, required=False, allow_null=True, validators=[URLValidator(schemes=["https"])]
    )
    date_of_birth = StrictDateField(required=False, allow_null=True)
    time_zone = TimeZoneField(required=False, allow_null=True)
    reminders = StrictBooleanField(required=False)

    def validate_date_of_birth(self, value: dt.date | None) -> dt.date | None:
        if value is not None and not EARLIEST_BIRTH_DATE <= value <= timezone.now().date():
            raise serializers.ValidationError(_("Nobody alive was born on this day."), code="out_of_range")
        return value
