"""The FHIR types terminology owns: what the codes mean. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "CodeSystem",
    "ConceptMap",
    "NamingSystem",
    "TerminologyCapabilities",
    "ValueSet",
)
