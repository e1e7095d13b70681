"""The FHIR types decisions owns: rules, measures, evidence and what they say of a patient. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "DetectedIssue",
    "EffectEvidenceSynthesis",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "GuidanceResponse",
    "Library",
    "Measure",
    "MeasureReport",
    "PlanDefinition",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskEvidenceSynthesis",
)
