"""A small clinic's records, and real Synthea ones, as plain JSON."""

from __future__ import annotations

import bz2
import itertools
from typing import Any

import msgspec

from osler.platform.testing import shared_data

Json = dict[str, Any]
numbers = itertools.count(1)
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
KINDS = frozenset(
    {"Patient", "AllergyIntolerance", "Condition", "MedicationRequest", "Immunization", "Encounter", "Observation", "CareTeam"}
)


def make_id(kind: str) -> str:
    return f"{kind.lower()}-{next(numbers)}"


def concept(code: str, display: str = "", system: str = SNOMED) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display or code}]}


def make_patient(family: str = "Curie", given: str = "Marie", birth: str = "1867-11-07", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": make_id("Patient"),
        "name": [{"use": "official", "family": family, "given": given.split()}],
        "birthDate": birth,
        "gender": "female",
    } | more


def make_allergy(patient: Json, code: str, display: str, **more: Any) -> Json:
    clinical = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "id": make_id("AllergyIntolerance"),
        "clinicalStatus": concept("active", system=clinical),
        "code": concept(code, display),
        "patient": {"reference": f"Patient/{patient['id']}"},
    } | more


def verification(code: str) -> Json:
    return concept(code, system="http://terminology.hl7.org/CodeSystem/allergyintolerance-verification")


def make_observation(
    patient: Json, code: str, date: str, value: float | str | None, unit: str = "mg/dL", category: str = "laboratory", **more: Any
) -> Json:
    made = {
        "resourceType": "Observation",
        "id": make_id("Observation"),
        "status": "final",
        "category": [concept(category, system="http://terminology.hl7.org/CodeSystem/observation-category")],
        "code": concept(code, f"Test {code}", LOINC),
        "subject": {"reference": f"Patient/{patient['id']}"},
        "effectiveDateTime": date,
    } | more
    if value is not None:
        made["valueQuantity"] = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return made


def make_encounter(patient: Json, start: str, **more: Any) -> Json:
    return {
        "resourceType": "Encounter",
        "id": make_id("Encounter"),
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "period": {"start": start},
    } | more


class Entry(msgspec.Struct):
    fullUrl: str  # noqa: N815
    resource: msgspec.Raw


class Bundle(msgspec.Struct):
    entry: list[Entry]


class Named(msgspec.Struct):
    resourceType: str  # noqa: N815
    id: str


def synthea_record(place: int = 2) -> list[bytes]:
    """One Synthea patient's resources of the kinds a chart shows, digit for digit, with plain references between them."""
    files = sorted(path for path in shared_data("synthea", "blaze-2021").glob("*.json.bz2") if path.stat().st_size < 60_000)
    text = bz2.decompress(files[place].read_bytes())
    named = {entry.fullUrl: msgspec.json.decode(entry.resource, type=Named) for entry in msgspec.json.decode(text, type=Bundle).entry}
    for url, name in named.items():
        text = text.replace(f'"reference": "{url}"'.encode(), f'"reference": "{name.resourceType}/{name.id}"'.encode())
    bundle = msgspec.json.decode(text, type=Bundle)
    return [bytes(entry.resource) for entry in bundle.entry if named[entry.fullUrl].resourceType in KINDS]
