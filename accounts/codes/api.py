"""What a patient's phone proves: signing in, proving more on a new device, changing the number."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.codes.issue import Challenge, request_code
from accounts.codes.verify import InvalidCode, change_phone, request_phone_change, sign_in_with_code
from accounts.devices.authentication import current_token, presented_token, signed_in_patient
from accounts.people.api import me_document
from accounts.people.serializers import (
    ChallengeSerializer,
    MeSerializer,
    PhoneChangeSerializer,
    PhoneNumberSerializer,
    SignedInSerializer,
    SignInSerializer,
)
from core.api.idempotency import REPLAYED, key_parameter, presented_key, replayed_header
from core.api.schema import operations, refuses
from core.phone_numbers import InvalidPhone, parse_phone

# A token is not needed, and is of use: see `OtpRequestView`.
TOKEN_IF_THERE: list[Any] = [{}, {"bearer": []}]  # the library's type knows no empty requirement


@operations(post="requestCode")
class OtpRequestView(APIView):
    """Send a sign-in code. The answer is the same whether the number is known or not.

    A device that was signed in before sends its old token in `Authorization`, even an expired one, with this call and
    the next: it then has limits of its own.
    """

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(request=PhoneNumberSerializer, responses={202: ChallengeSerializer}, auth=TOKEN_IF_THERE)
    @refuses({400: ["invalid_phone"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        body = PhoneNumberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        number = parse_phone(body.validated_data["phone"], countries=settings.SMS_COUNTRIES)
        challenge = request_code(number=number, device_token=presented_token(request), at=timezone.now())
        return challenge_response(challenge)


@operations(post="signIn")
class OtpVerifyView(APIView):
    """Sign in with the code that was sent. Three tries, then ask for another one.

    If the answer is lost, the same request with the same `Idempotency-Key` answers with a new token; the lost one ends.
    """

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=SignInSerializer,
        responses={200: SignedInSerializer},
        parameters=[key_parameter(required=False, remembered="as long as the code lives"), replayed_header(200)],
        auth=TOKEN_IF_THERE,
    )
    @refuses({400: ["invalid_code", "idempotency_key_required"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        key = presented_key(request)
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        signed_in = sign_in_with_code(
            challenge_id=data["challenge_id"],
            number=_number_or_invalid_code(data["phone"]),
            code=data["otp"],
            device_name=data.get("device_name", ""),
            device_token=presented_token(request),
            key=key,
            at=timezone.now(),
        )
        answer = {
            "token": signed_in.token,
            "expires_at": signed_in.expires_at,
            "is_new": signed_in.is_new,
            "step_up": signed_in.step_up,
        }
        return Response(answer, headers=REPLAYED if signed_in.is_replay else {})


@operations(post="requestPhoneChange")
class PhoneView(APIView):
    @extend_schema(request=PhoneNumberSerializer, responses={202: ChallengeSerializer})
    @refuses({400: ["invalid_phone"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        """Begin to change the phone number: a code is sent to the new one, for `auth/phone/verify/`."""
        body = PhoneNumberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        number = parse_phone(body.validated_data["phone"], countries=settings.SMS_COUNTRIES)
        return challenge_response(request_phone_change(by=signed_in_patient(request), number=number, at=timezone.now()))


@operations(post="changePhone")
class PhoneVerifyView(APIView):
    @extend_schema(request=PhoneChangeSerializer, responses={200: MeSerializer})
    @refuses({400: ["invalid_code"], 429: ["too_many_requests"]})
    def post(self, request: Request) -> Response:
        """Change the phone number with the code that was sent to it. Every other device is signed out.

        Sent again after its answer was lost, it answers the same.
        """
        body = PhoneChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_phone(
            by=signed_in_patient(request),
            token=current_token(request),
            challenge_id=body.validated_data["challenge_id"],
            number=_number_or_invalid_code(body.validated_data["phone"]),
            code=body.validated_data["otp"],
            at=timezone.now(),
        )
        return Response(me_document(changed))


def challenge_response(challenge: Challenge) -> Response:
    answer = {
        "challenge_id": challenge.id,
        "expires_in": challenge.expires_in_seconds,
        "resend_in": challenge.resend_in_seconds,
    }
    return Response(answer, status=202)


def _number_or_invalid_code(phone: str) -> str:
    try:
        return parse_phone(phone, countries=settings.SMS_COUNTRIES)
    except InvalidPhone:
        raise InvalidCode from None
