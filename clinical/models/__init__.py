from clinical.models.ai_session import AiSession, ChatMessage
from clinical.models.appointment import Appointment, AppointmentAlias, AppointmentBooking, VisitReminder
from clinical.models.prescription import Prescription, PrescriptionMessage
from clinical.models.visit_decision import VisitDecision

__all__ = [
    "AiSession",
    "Appointment",
    "AppointmentAlias",
    "AppointmentBooking",
    "ChatMessage",
    "Prescription",
    "PrescriptionMessage",
    "VisitDecision",
    "VisitReminder",
]
