from clinical.models.ai_session import AiSession
from clinical.models.appointment import Appointment, AppointmentAlias
from clinical.models.booking import AppointmentBooking
from clinical.models.prescription import Prescription, PrescriptionMessage

__all__ = [
    "AiSession",
    "Appointment",
    "AppointmentAlias",
    "AppointmentBooking",
    "Prescription",
    "PrescriptionMessage",
]
