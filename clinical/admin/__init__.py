__all__ = ["ai_sessions", "appointments", "prescriptions"]
