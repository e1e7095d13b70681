"""The FHIR types identity owns: who works here, where, in what role, and how they sign in. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "Group",
    "HealthcareService",
    "Location",
    "Organization",
    "OrganizationAffiliation",
    "Practitioner",
    "PractitionerRole",
    "VerificationResult",
)
