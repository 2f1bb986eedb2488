from hospitals.models.availability import DoctorAvailability, DoctorTimeOff, Weekday
from hospitals.models.hospital import Hospital
from hospitals.models.staff import Doctor, HospitalAdmin, Pharmacist, StaffImport

__all__ = [
    "Doctor",
    "DoctorAvailability",
    "DoctorTimeOff",
    "Hospital",
    "HospitalAdmin",
    "Pharmacist",
    "StaffImport",
    "Weekday",
]
