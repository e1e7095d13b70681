"""The FHIR types scheduling owns: who is seen when, where and by whom. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "Appointment",
    "AppointmentResponse",
    "Schedule",
    "Slot",
)
