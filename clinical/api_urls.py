from __future__ import annotations

from django.urls import path

from clinical.assistant import api as ai_sessions
from clinical.prescriptions import api as records
from clinical.visits import api as appointments
from clinical.visits import doctors_api

# What phones ask for most stands first: addresses are tried in turn.
urlpatterns = [
    path("appointments/", appointments.AppointmentListView.as_view()),
    path("appointments/<uuid:appointment_id>/", appointments.AppointmentView.as_view()),
    path("appointments/<uuid:appointment_id>/reschedule/", appointments.RescheduleView.as_view()),
    path("appointments/<uuid:appointment_id>/cancel/", appointments.CancelView.as_view()),
    path("appointments/<uuid:appointment_id>/accept/", appointments.AcceptView.as_view()),
    path("appointments/requests/<uuid:request_id>/", appointments.BookingRequestView.as_view()),
    path("doctors/", doctors_api.DoctorListView.as_view()),
    path("doctors/<uuid:doctor_id>/", doctors_api.DoctorView.as_view()),
    path("doctors/<uuid:doctor_id>/slots/", doctors_api.SlotsView.as_view()),
    path("prescriptions/", records.PrescriptionListView.as_view()),
    path("prescriptions/<uuid:prescription_id>/", records.PrescriptionView.as_view()),
    path("ai-sessions/", ai_sessions.AiSessionListView.as_view()),
    path("ai-sessions/<uuid:session_id>/", ai_sessions.AiSessionView.as_view()),
    path("ai-sessions/<uuid:session_id>/messages/", ai_sessions.MessagesView.as_view()),
    path("ai-sessions/<uuid:session_id>/messages/<uuid:request_id>/", ai_sessions.MessageView.as_view()),
    path("ai-sessions/<uuid:session_id>/end/", ai_sessions.EndView.as_view()),
]
