from clinical.models.ai_session import AiSession
from clinical.models.appointment import Appointment, AppointmentAlias
from clinical.models.booking import AppointmentBooking
from clinical.models.chat_message import ChatMessage
from clinical.models.prescription import Prescription, PrescriptionMessage
from clinical.models.reminder import VisitReminder
from clinical.models.visit_change import VisitChange

__all__ = [
    "AiSession",
    "Appointment",
    "AppointmentAlias",
    "AppointmentBooking",
    "ChatMessage",
    "Prescription",
    "PrescriptionMessage",
    "VisitChange",
    "VisitReminder",
]
