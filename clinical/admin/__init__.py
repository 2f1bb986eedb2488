from clinical.admin import ai_sessions, appointments, prescriptions

__all__ = ["ai_sessions", "appointments", "prescriptions"]
