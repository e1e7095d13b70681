"""The nine linked resources of one T1 round, of Synthea's shape."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

ORDER = (
    "Patient",
    "Location",
    "Organization",
    "Practitioner",
    "Encounter",
    "Observation",
    "MedicationRequest",
    "Claim",
    "ExplanationOfBenefit",
)
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
SNOMED = "http://snomed.info/sct"
FAMILIES = ("Abbott774", "Becker968", "Cronin387", "Durgan499", "Emard19", "Funk324", "Grady603", "Hane680")
TOWNS = ("Boston", "Worcester", "Springfield", "Lowell", "Cambridge", "Quincy", "Lynn", "Salem")


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def body(kind: str, ids: dict[str, str], dice: random.Random) -> dict[str, Any]:
    """A new resource that refers to those of this round made before it."""
    made: dict[str, Any] = {"resourceType": kind, "meta": {"profile": [US_CORE + kind.lower()]}}
    return made | BODIES[kind]({name: {"reference": f"{name}/{id_}"} for name, id_ in ids.items()}, dice)


def _identifier(dice: random.Random) -> list[dict[str, Any]]:
    return [{"system": "https://github.com/synthetichealth/synthea", "value": f"{dice.getrandbits(96):024x}"}]


def _address(dice: random.Random) -> dict[str, Any]:
    street = f"{dice.randint(1, 999)} Main Street"
    return {"line": [street], "city": dice.choice(TOWNS), "state": "MA", "postalCode": f"0{dice.randint(1000, 2799)}", "country": "US"}


def _patient(_ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    return {
        "identifier": _identifier(dice),
        "name": [{"use": "official", "family": dice.choice(FAMILIES), "given": [f"Given{dice.randint(1, 999)}"], "prefix": ["Ms."]}],
        "telecom": [{"system": "phone", "value": f"555-{dice.randint(100, 999)}-{dice.randint(1000, 9999)}", "use": "home"}],
        "gender": "female",
        "birthDate": f"19{dice.randint(20, 99)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}",
        "address": [_address(dice)],
        "maritalStatus": concept("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", "Married"),
        "multipleBirthBoolean": False,
        "communication": [{"language": concept("urn:ietf:bcp:47", "en-US", "English")}],
    }


def _location(_ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    return {"identifier": _identifier(dice), "status": "active", "name": f"CLINIC {dice.randint(1, 9999)}", "address": _address(dice)}


def _organization(_ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    kind = concept("http://terminology.hl7.org/CodeSystem/organization-type", "prov", "Healthcare Provider")
    name = f"HOSPITAL {dice.randint(1, 9999)}"
    return {"identifier": _identifier(dice), "active": True, "type": [kind], "name": name, "address": [_address(dice)]}


def _practitioner(_ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    npi = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": str(dice.randint(10**9, 10**10 - 1))}]
    name = {"family": dice.choice(FAMILIES), "given": ["Noel608"], "prefix": ["Dr."]}
    return {"identifier": npi, "active": True, "name": [name], "address": [_address(dice)], "gender": "male"}


def _encounter(ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    day = _day(dice)
    period = {"start": f"{day}T08:00:00-05:00", "end": f"{day}T08:15:00-05:00"}
    return {
        "identifier": _identifier(dice),
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept(SNOMED, "162673000", "General examination of patient (procedure)")],
        "subject": ref["Patient"],
        "participant": [{"period": period, "individual": ref["Practitioner"]}],
        "period": period,
        "location": [{"location": ref["Location"]}],
        "serviceProvider": ref["Organization"],
    }


def _observation(ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    at = f"{_day(dice)}T08:00:00-05:00"
    return {
        "status": "final",
        "category": [concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "vital-signs")],
        "code": concept("http://loinc.org", "8302-2", "Body Height"),
        "subject": ref["Patient"],
        "encounter": ref["Encounter"],
        "effectiveDateTime": at,
        "issued": at[:19] + ".123-05:00",
        "valueQuantity": {"value": dice.randint(1400, 2000) / 10, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"},
    }


def _medication_request(ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    return {
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "308136", "Amlodipine 2.5 MG Oral Tablet"),
        "subject": ref["Patient"],
        "encounter": ref["Encounter"],
        "authoredOn": f"{_day(dice)}T08:00:00-05:00",
        "requester": ref["Practitioner"],
        "dosageInstruction": [{"sequence": 1, "text": "Take as needed.", "asNeededBoolean": True}],
    }


def _claim(ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    day = _day(dice)
    total = {"value": dice.randint(50, 900), "currency": "USD"}
    return {
        "status": "active",
        "type": concept("http://terminology.hl7.org/CodeSystem/claim-type", "pharmacy", "Pharmacy"),
        "use": "claim",
        "patient": ref["Patient"],
        "billablePeriod": {"start": f"{day}T08:00:00-05:00", "end": f"{day}T08:15:00-05:00"},
        "created": f"{day}T08:15:00-05:00",
        "provider": ref["Organization"],
        "priority": concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal", "Normal"),
        "prescription": ref["MedicationRequest"],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Humana"}}],
        "item": [{"sequence": 1, "productOrService": concept(SNOMED, "162673000", "Examination"), "encounter": [ref["Encounter"]]}],
        "total": total,
    }


def _benefit(ref: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    day = _day(dice)
    contained = [
        {
            "resourceType": "ServiceRequest",
            "id": "referral",
            "status": "completed",
            "intent": "order",
            "subject": ref["Patient"],
            "requester": ref["Practitioner"],
            "performer": [ref["Practitioner"]],
        },
        {
            "resourceType": "Coverage",
            "id": "coverage",
            "status": "active",
            "type": {"text": "Humana"},
            "beneficiary": ref["Patient"],
            "payor": [{"display": "Humana"}],
        },
    ]
    return {
        "contained": contained,
        "identifier": _identifier(dice),
        "status": "active",
        "type": concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional", "Professional"),
        "use": "claim",
        "patient": ref["Patient"],
        "billablePeriod": {"start": f"{day}T08:15:00-05:00", "end": f"{day}T09:15:00-05:00"},
        "created": f"{day}T08:15:00-05:00",
        "insurer": {"display": "Humana"},
        "provider": ref["Practitioner"],
        "referral": {"reference": "#referral"},
        "claim": ref["Claim"],
        "outcome": "complete",
        "insurance": [{"focal": True, "coverage": {"reference": "#coverage", "display": "Humana"}}],
        "item": [{"sequence": 1, "productOrService": concept(SNOMED, "162673000", "Examination"), "encounter": [ref["Encounter"]]}],
        "total": [
            {
                "category": concept("http://terminology.hl7.org/CodeSystem/adjudication", "submitted", "Submitted"),
                "amount": {"value": 129.16},
            }
        ],
    }


def _day(dice: random.Random) -> str:
    return f"20{dice.randint(10, 24)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"


BODIES = {
    "Patient": _patient,
    "Location": _location,
    "Organization": _organization,
    "Practitioner": _practitioner,
    "Encounter": _encounter,
    "Observation": _observation,
    "MedicationRequest": _medication_request,
    "Claim": _claim,
    "ExplanationOfBenefit": _benefit,
}


def changed(resource: dict[str, Any]) -> dict[str, Any]:
    """The same with the one element changed that the published script changes."""
    kind, now = resource["resourceType"], datetime.now(UTC).isoformat(timespec="milliseconds")
    match kind:
        case "Encounter":
            new = {"status": "in-progress"}
        case "Location" | "Organization":
            new = {"name": f"{resource['name']} {now}"}
        case "MedicationRequest":
            new = {"status": "active"}
        case "Observation":
            new = {"issued": now}
        case "Patient" | "Practitioner":
            new = {"gender": "male" if resource["gender"] == "female" else "female"}
        case _:
            new = {"created": now}
    return resource | new
