from hospitals.admin import hospitals, staff

__all__ = ["hospitals", "staff"]
