from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.generics import ListAPIView, RetrieveAPIView

from accounts.devices.authentication import OPEN_BEFORE_STEP_UP, signed_in_patient
from core.api.schema import operations
from hospitals.models import Hospital
from hospitals.staff.serializers import HospitalSerializer


@operations(get="listHospitals")
class HospitalListView(ListAPIView[Hospital]):
    """Hospitals, by name."""

    permission_classes = OPEN_BEFORE_STEP_UP
    serializer_class = HospitalSerializer
    queryset = Hospital.objects.none()
    ordering = ("name", "id")

    def get_queryset(self) -> QuerySet[Hospital]:
        return Hospital.objects.for_user(signed_in_patient(self.request))


@operations(get="getHospital")
class HospitalView(RetrieveAPIView[Hospital]):
    """One hospital."""

    permission_classes = OPEN_BEFORE_STEP_UP
    serializer_class = HospitalSerializer
    queryset = Hospital.objects.none()
    lookup_url_kwarg = "hospital_id"

    def get_queryset(self) -> QuerySet[Hospital]:
        return Hospital.objects.for_user(signed_in_patient(self.request))
