"""Vital signs of a visit. US Core vital signs: http://hl7.org/fhir/us/core/StructureDefinition-us-core-vital-signs.html"""

from __future__ import annotations

from random import Random

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
PERCENTILES = {
    "pediatric-bmi-for-age": concept(LOINC, "59576-9", "Body mass index (BMI) [Percentile] Per age and sex"),
    "pediatric-weight-for-height": concept(LOINC, "77606-2", "Weight-for-length Per age and sex"),
    "head-occipital-frontal-circumference-percentile": concept(LOINC, "8289-1", "Head Occipital-frontal circumference Percentile"),
}
PLAIN = "http://hl7.org/fhir/us/core/StructureDefinition/"
"""US Core's growth profiles come without its prefix."""
FLOW = concept(LOINC, "3151-8", "Inhaled oxygen flow rate")
CONCENTRATION = concept(LOINC, "3150-0", "Inhaled oxygen concentration")
AVERAGE = concept(LOINC, "96607-7", "Blood pressure panel mean systolic and mean diastolic", "Average blood pressure at home")
MEAN_SYSTOLIC = concept(LOINC, "96608-5", "Systolic blood pressure mean")
MEAN_DIASTOLIC = concept(LOINC, "96609-3", "Diastolic blood pressure mean")
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
    if age >= 18 and person.problem("hypertension", day):
        if seen.chart.once("pressure at home", 0.8):
            _average_pressure(seen, "both")
        elif seen.chart.once("half a cuff", 0.1):
            _average_pressure(seen, "upper")
    if seen.visit.kind in ("well", "newborn") or age < 18:
        height = physiology.height_cm(person, day)
        _vital(seen, "body-height", height)
        if age >= 2:
            _vital(seen, "bmi", round(weight / (height / 100) ** 2, 1))
        if age < 3:
            _vital(seen, "head-circumference", physiology.head_cm(person, day))
        for name, percentile in physiology.percentiles(person, day).items():
            _observation(seen, name, PERCENTILES[name], {"valueQuantity": quantity(percentile, "%")}, PLAIN)


def _observation(seen: Seen, name: str, code: Json, value: Json, profiles: str = US_CORE) -> None:
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
    seen.chart.add("Observation", body | value, {"profile": [profiles + name]})


def _vital(seen: Seen, name: str, value: float) -> None:
    unit, ucum, code = CODES[name]
    _observation(seen, name, code, {"valueQuantity": quantity(value, unit, ucum)})


def _oxygen(seen: Seen) -> None:
    sick = seen.visit.acute and seen.visit.acute.diagnosis.key in ("pneumonia", "covid")
    lungs = seen.chart.person.problem("copd", seen.visit.day)
    value = min(100, round(seen.chart.rng.gauss(92 if sick or lungs else 98, 1)))
    measured: Json = {"valueQuantity": quantity(value, "%")}
    if (sick or lungs) and value < 93:
        measured["component"] = [
            {"code": FLOW, "valueQuantity": quantity(2, "L/min")},
            {"code": CONCENTRATION, "valueQuantity": quantity(28, "%")},
        ]
    _observation(seen, "pulse-oximetry", OXYGEN, measured)


def _average_pressure(seen: Seen, shown: str) -> None:
    """The mean of a week of readings at home; some people's cuff shows no lower value."""
    chart = seen.chart
    systolic, diastolic = physiology.blood_pressure(chart.person, seen.visit.day, Random(f"{chart.person.seed}/cuff"))
    lower: Json = {"valueQuantity": quantity(diastolic, "mmHg", "mm[Hg]")}
    if shown == "upper":
        lower = {"dataAbsentReason": hl7("data-absent-reason", "unknown", "Unknown")}
    body: Json = {
        "status": "final",
        "category": CATEGORY,
        "code": AVERAGE,
        "subject": chart.subject,
        "effectivePeriod": {"start": seen.at(-7 * 1440), "end": seen.at(-60)},
        "issued": seen.at(6),
        "performer": [chart.subject],
        "component": [{"code": MEAN_SYSTOLIC, "valueQuantity": quantity(systolic, "mmHg", "mm[Hg]")}, {"code": MEAN_DIASTOLIC} | lower],
    }
    chart.add("Observation", body, {"profile": [US_CORE + "average-blood-pressure"]})


def _pressure(seen: Seen, systolic: int, diastolic: int) -> None:
    parts = [
        {"code": SYSTOLIC, "valueQuantity": quantity(systolic, "mmHg", "mm[Hg]")},
        {"code": DIASTOLIC, "valueQuantity": quantity(diastolic, "mmHg", "mm[Hg]")},
    ]
    felt = seen.visit.kind == "emergency" and not seen.chart.restricted and seen.chart.once("pressure by palpation", 0.3)
    if felt:
        parts[1] = {"code": DIASTOLIC, "dataAbsentReason": hl7("data-absent-reason", "not-performed", "Not Performed")}
    _observation(seen, "blood-pressure", PRESSURE, {"component": parts})
    seen.findings.append(f"Blood pressure {systolic}/{'palpation' if felt else diastolic} mmHg.")
