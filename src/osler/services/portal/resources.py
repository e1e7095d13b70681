"""The FHIR types portal owns: the patient's own door: messages to and from the care team. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "Communication",
    "CommunicationRequest",
)
