from hospitals.models.availability import DoctorAvailability, DoctorTimeOff, Weekday
from hospitals.models.hospital import Hospital
from hospitals.models.staff import Doctor, HospitalAdmin, Pharmacist, StaffImport, StaffMember

__all__ = [
    "Doctor",
    "DoctorAvailability",
    "DoctorTimeOff",
    "Hospital",
    "HospitalAdmin",
    "Pharmacist",
    "StaffImport",
    "StaffMember",
    "Weekday",
]
