"""The FHIR types privacy owns: who may see what, and who has. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "AuditEvent",
    "Consent",
    "Provenance",
)
