"""The least that each kind of request must do: what ours is compared with."""

from __future__ import annotations

import hashlib
import hmac
import uuid

import orjson
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.wake_ups import wake

PAGE = 20
_ROW = "SELECT id, start_ts, end_ts, status, doctor_id, hospital_id FROM appointments WHERE id = %s"
_LIST = f"""
SELECT a.id, a.start_ts, a.end_ts, a.status, a.created_at, d.user_id, p.full_name, d.specialty, h.name, h.time_zone
FROM appointments a
JOIN doctors d ON d.user_id = a.doctor_id
JOIN profiles p ON p.user_id = d.user_id
JOIN hospitals h ON h.id = a.hospital_id
WHERE a.patient_id = %s
ORDER BY a.start_ts DESC, a.id DESC
LIMIT {PAGE}
"""
_INSERT = """
INSERT INTO cal_webhooks (raw_webhook_body, signature_header, body_sha256) VALUES (%s::jsonb, %s, %s)
ON CONFLICT (body_sha256) DO NOTHING
"""
_COLUMNS = ("id", "start", "end", "status", "created_at", "doctor", "full_name", "specialty", "hospital", "time_zone")


def no_database(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


def one_row(request: HttpRequest, appointment_id: uuid.UUID) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(_ROW, [appointment_id])
        row = cursor.fetchone()
    return _json(dict(zip(_COLUMNS, row, strict=False)))


def one_list(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [patient_id])
        rows = cursor.fetchall()
    return _json({"results": [dict(zip(_COLUMNS, row, strict=True)) for row in rows]})


def one_insert(request: HttpRequest) -> HttpResponse:
    body = request.body
    given = request.headers.get("X-Cal-Signature-256", "")
    expected = hmac.new(settings.CALCOM_WEBHOOK_SECRET[0].encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given, expected):
        return HttpResponse(status=401)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [body.decode(), given, hashlib.sha256(body).hexdigest()])
    wake("process_webhooks")
    return HttpResponse(status=200)


def _json(value: object) -> HttpResponse:
    return HttpResponse(orjson.dumps(value), content_type="application/json")


urlpatterns = [
    path("floor/nothing/", no_database),
    path("floor/row/<uuid:appointment_id>/", one_row),
    path("floor/list/<uuid:patient_id>/", one_list),
    path("floor/insert/", one_insert),
]
