"""The FHIR types patient owns: who the patient is, and who they are related to. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "Patient",
    "Person",
    "RelatedPerson",
)
