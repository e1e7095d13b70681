"""Vital signs of a visit. US Core vital signs: http://hl7.org/fhir/us/core/StructureDefinition-us-core-vital-signs.html"""

from __future__ import annotations

from osler.demo import physiology
from osler.demo.chart import Seen
from osler.demo.codes import LOINC, US_CORE, Json, concept, hl7, quantity

CATEGORY: list[Json] = [hl7("observation-category", "vital-signs", "Vital Signs")]
CODES: dict[str, tuple[str, str, Json]] = {
    name: (unit, ucum, concept(LOINC, code, words))
    for name, unit, ucum, code, words in (
        ("heart-rate", "/min", "/min", "8867-4", "Heart rate"),
        ("respiratory-rate", "/min", "/min", "9279-1", "Respiratory rate"),
        ("body-temperature", "Cel", "Cel", "8310-5", "Body temperature"),
        ("body-height", "cm", "cm", "8302-2", "Body height"),
        ("body-weight", "kg", "kg", "29463-7", "Body weight"),
        ("bmi", "kg/m2", "kg/m2", "39156-5", "Body mass index (BMI) [Ratio]"),
        ("head-circumference", "cm", "cm", "9843-4", "Head Occipital-frontal circumference"),
    )
}
OXYGEN: Json = {
    "coding": [
        {"system": LOINC, "code": "59408-5", "display": "Oxygen saturation in Arterial blood by Pulse oximetry"},
        {"system": LOINC, "code": "2708-6", "display": "Oxygen saturation in Arterial blood"},
    ],
    "text": "Oxygen saturation",
}
PRESSURE = concept(LOINC, "85354-9", "Blood pressure panel with all children optional", "Blood pressure")
SYSTOLIC = concept(LOINC, "8480-6", "Systolic blood pressure")
DIASTOLIC = concept(LOINC, "8462-4", "Diastolic blood pressure")
FEVERISH = frozenset({"strep", "otitis", "influenza", "covid", "pneumonia", "cellulitis"})


def write_vitals(seen: Seen, few: bool = False) -> None:
    """What the medical assistant measures; `few` keeps to pulse, pressure and weight."""
    if seen.visit.kind == "telehealth":
        return
    person, day, rng = seen.chart.person, seen.visit.day, seen.chart.rng
    fever = bool(seen.visit.acute and seen.visit.acute.diagnosis.key in FEVERISH and rng.random() < 0.75)
    age = person.age(day)
    if age >= 3:
        _pressure(seen, *physiology.blood_pressure(person, day, rng))
    _vital(seen, "heart-rate", physiology.heart_rate(person, day, fever, rng))
    weight = physiology.weight_kg(person, day, rng)
    _vital(seen, "body-weight", weight)
    if few or (age >= 18 and seen.visit.kind == "followup"):
        return
    _vital(seen, "respiratory-rate", physiology.breaths(person, day, fever, rng))
    temperature = round(rng.gauss(38.7, 0.4) if fever else rng.gauss(36.8, 0.2), 1)
    _vital(seen, "body-temperature", temperature)
    if fever:
        seen.findings.append(f"Temperature {temperature} °C.")
    _oxygen(seen)
    if seen.visit.kind in ("well", "newborn") or age < 18:
        height = physiology.height_cm(person, day)
        _vital(seen, "body-height", height)
        if age >= 2:
            _vital(seen, "bmi", round(weight / (height / 100) ** 2, 1))
        else:
            _vital(seen, "head-circumference", physiology.head_cm(person, day))


def _observation(seen: Seen, name: str, code: Json, value: Json) -> None:
    body: Json = {
        "status": "final",
        "category": CATEGORY,
        "code": code,
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(5),
        "issued": seen.at(6),
        "performer": [seen.performer],
    }
    seen.chart.add("Observation", body | value, {"profile": [US_CORE + name]})


def _vital(seen: Seen, name: str, value: float) -> None:
    unit, ucum, code = CODES[name]
    _observation(seen, name, code, {"valueQuantity": quantity(value, unit, ucum)})


def _oxygen(seen: Seen) -> None:
    sick = seen.visit.acute and seen.visit.acute.diagnosis.key in ("pneumonia", "covid")
    lungs = seen.chart.person.problem("copd", seen.visit.day)
    value = min(100, round(seen.chart.rng.gauss(92 if sick or lungs else 98, 1)))
    _observation(seen, "pulse-oximetry", OXYGEN, {"valueQuantity": quantity(value, "%")})


def _pressure(seen: Seen, systolic: int, diastolic: int) -> None:
    parts = [
        {"code": SYSTOLIC, "valueQuantity": quantity(systolic, "mmHg", "mm[Hg]")},
        {"code": DIASTOLIC, "valueQuantity": quantity(diastolic, "mmHg", "mm[Hg]")},
    ]
    _observation(seen, "blood-pressure", PRESSURE, {"component": parts})
    seen.findings.append(f"Blood pressure {systolic}/{diastolic} mmHg.")
