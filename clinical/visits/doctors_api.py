"""Doctors and their free times, for the app. `to_representation` is written out, as in `serializers`."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import django_filters
from django.conf import settings
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import OPEN_BEFORE_STEP_UP, signed_in_patient
from clinical.ports import Slots, booking_provider
from clinical.visits.booking import TooFar
from core.api.fields import AwareDateTimeField, StrictSerializer, TimeZoneField
from core.api.pages import ListFilter
from core.api.schema import example, operations, refuses
from core.times import in_zone, zone_or_utc
from hospitals.models import Doctor
from hospitals.querysets import DoctorQuerySet
from hospitals.staff.serializers import HospitalNameSerializer, hospital_document

# A month of 31 days in which clocks are set back is an hour longer.
LONGEST_RANGE = dt.timedelta(days=32)
USUAL_RANGE = dt.timedelta(days=7)
LONGEST_TEXT = 100
SOURCES = [("calcom", "from the booking calendar"), ("local", "from the doctor's hours: the calendar did not answer")]


@example(
    {
        "id": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03",
        "full_name": "Dora Huber",
        "specialty": "Cardiology",
        "profile_image_url": None,
        "hospital": {
            "id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01",
            "name": "North Hospital",
            "time_zone": "Europe/Vienna",
        },
        "bookable": True,
    }
)
class DoctorSerializer(serializers.Serializer[Doctor]):
    # `bookable` comes in the context: the ids of the page's doctors who can be booked.

    id = serializers.UUIDField()
    full_name = serializers.CharField()
    specialty = serializers.CharField(allow_null=True)
    profile_image_url = serializers.URLField(allow_null=True)
    hospital = HospitalNameSerializer()
    bookable = serializers.BooleanField()

    def to_representation(self, instance: Doctor) -> dict[str, Any]:
        profile, hospital = getattr(instance.user, "profile", None), instance.hospital
        return {
            "id": instance.pk,
            "full_name": instance.full_name,
            "specialty": instance.specialty,
            "profile_image_url": profile.profile_image_url if profile else None,
            "hospital": hospital_document(hospital.pk, hospital.name, hospital.time_zone),
            "bookable": instance.pk in self.context["bookable"],
        }


class SlotSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


@example(
    {
        "slots": [{"start": "2026-03-04T10:00:00+01:00", "end": "2026-03-04T10:30:00+01:00"}],
        "source": "calcom",
        "as_of": "2026-03-02T10:00:00+01:00",
        "time_zone": "Europe/Vienna",
    }
)
class SlotsSerializer(serializers.Serializer[Any]):
    slots = SlotSerializer(many=True)
    # The type checker sees the base class's attribute; the metaclass takes the field away before it could hide it.
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    as_of = serializers.DateTimeField()
    time_zone = serializers.CharField()


def _doctors(request: Request) -> QuerySet[Doctor]:
    doctors: QuerySet[Doctor] = Doctor.objects.for_user(signed_in_patient(request)).with_names()
    return doctors


def _text_filter(description: str, *lookup: str, **options: Any) -> django_filters.CharFilter:
    shape = {"type": "string", "maxLength": LONGEST_TEXT, "description": description}
    return extend_schema_field(shape)(django_filters.CharFilter(*lookup, max_length=LONGEST_TEXT, **options))


class DoctorFilter(ListFilter):
    # A search field that was emptied.
    may_be_empty = ("search",)

    hospital = django_filters.UUIDFilter("hospital_id", label="Only doctors of this hospital.")
    specialty = _text_filter("Only doctors of this specialty, in upper or lower case.", "specialty", "iexact")
    search = _text_filter(
        "Beginnings of words of the name or the specialty, with or without accents. May be empty.",
        method="filter_search",
    )

    def filter_search(self, queryset: DoctorQuerySet, name: str, value: str) -> DoctorQuerySet:
        return queryset.search(value)


@operations(get="listDoctors")
class DoctorListView(ListAPIView[Doctor]):
    """Doctors of all hospitals, by name."""

    permission_classes = OPEN_BEFORE_STEP_UP
    serializer_class = DoctorSerializer
    filterset_class = DoctorFilter
    queryset = Doctor.objects.none()
    ordering = ("name", "pk")

    def get_queryset(self) -> QuerySet[Doctor]:
        return _doctors(self.request).annotate(
            name=Coalesce(F("user__profile__full_name"), Value(""), output_field=TextField())
        )

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        doctors = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        bookable = booking_provider().bookable([doctor.pk for doctor in doctors])
        serializer = DoctorSerializer(context={"bookable": bookable})
        return self.get_paginated_response([serializer.to_representation(doctor) for doctor in doctors])


@operations(get="getDoctor")
class DoctorView(APIView):
    permission_classes = OPEN_BEFORE_STEP_UP

    @extend_schema(responses={200: DoctorSerializer})
    def get(self, request: Request, doctor_id: uuid.UUID) -> Response:
        """One doctor."""
        doctor = get_object_or_404(_doctors(request), pk=doctor_id)
        bookable = booking_provider().bookable([doctor.pk])
        return Response(DoctorSerializer(doctor, context={"bookable": bookable}).data)


_FROM = "At this time or later; now unless given."


class SlotsQuery(StrictSerializer):
    to = AwareDateTimeField(required=False, help_text="Before this; a week after `from` unless given.")
    time_zone = TimeZoneField(required=False, help_text="Name in the IANA list; the hospital's unless given.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a word of Python's.
        return {"from": AwareDateTimeField(required=False, help_text=_FROM), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        now: dt.datetime = self.context["now"]
        furthest = now + settings.BOOKING_HORIZON
        start = max(attrs.get("from", now), now)
        if start > furthest:
            raise TooFar
        end = attrs.get("to", start + USUAL_RANGE)
        if end <= attrs.get("from", now):
            raise serializers.ValidationError({"to": _one_error(_("This is not after the begin."), "empty_range")})
        if end - attrs.get("from", start) > LONGEST_RANGE:
            raise serializers.ValidationError({"to": _one_error(_("Ask for 32 days at most."), "range_too_long")})
        return {**attrs, "from": start, "to": min(end, furthest)}


def _one_error(detail: Any, code: str) -> list[serializers.ErrorDetail]:
    return [serializers.ErrorDetail(str(detail), code=code)]


@operations(get="listSlots")
class SlotsView(APIView):
    permission_classes = OPEN_BEFORE_STEP_UP

    @extend_schema(parameters=[SlotsQuery], responses={200: SlotsSerializer})
    @refuses({400: ["invalid", "too_far"]})
    def get(self, request: Request, doctor_id: uuid.UUID) -> Response:
        """A doctor's free times, at most 32 days of them, up to 12 months ahead."""
        doctor = get_object_or_404(_doctors(request), pk=doctor_id)
        query = SlotsQuery(data=request.query_params.dict(), context={"now": timezone.now()})
        query.is_valid(raise_exception=True)
        data = query.validated_data
        zone = data.get("time_zone") or zone_or_utc(doctor.hospital.time_zone).key
        slots = booking_provider().slots(
            doctor, start=data["from"], end=data["to"], time_zone=zone, asked_by=signed_in_patient(request).pk
        )
        return Response(_slots_document(slots, zone))


def _slots_document(slots: Slots, zone: str) -> dict[str, Any]:
    return {
        "slots": [{"start": in_zone(slot.start, zone), "end": in_zone(slot.end, zone)} for slot in slots.slots],
        "source": slots.source,
        "as_of": in_zone(slots.as_of, zone),
        "time_zone": zone,
    }
