"""Valid FHIR, as little of it as a test is about."""

from __future__ import annotations

from typing import Any

import msgspec

from osler.platform.fhir import Parsed, parse


def make_patient(family: str = "Curie", **more: Any) -> Parsed:
    """A patient of this family name; `more` adds or replaces elements."""
    return parse(msgspec.json.encode({"resourceType": "Patient", "name": [{"family": family}], "birthDate": "1867-11-07"} | more))


def make_observation(of: str = "marie", value: float = 5.5, **more: Any) -> Parsed:
    """A final HbA1c of the patient with this id."""
    return parse(
        msgspec.json.encode(
            {
                "resourceType": "Observation",
                "status": "final",
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
                "subject": {"reference": f"Patient/{of}"},
                "effectiveDateTime": "2024-05-01T10:00:00Z",
                "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
            }
            | more
        )
    )
