"""Code systems, profiles and the small shapes (Coding, CodeableConcept, Reference, Quantity) every demo resource is made of."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

Json = dict[str, Any]

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"
NPI = "http://hl7.org/fhir/sid/us-npi"
TAXONOMY = "http://nucc.org/provider-taxonomy"
HL7 = "http://terminology.hl7.org/CodeSystem/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
MRN = "https://demo.osler.example/ids/mrn"
MEMBER = "https://demo.osler.example/ids/member"
ACCESSION = "https://demo.osler.example/ids/accession"
VISIT = "https://demo.osler.example/ids/visit"

CLINIC_TIME = timezone(timedelta(hours=-7))
"""The clinic stands in Arizona, which keeps one offset all year: the same wall clock on every machine."""


def coding(system: str, code: str, display: str | None = None) -> Json:
    """One Coding."""
    return {"system": system, "code": code, "display": display} if display else {"system": system, "code": code}


def concept(system: str, code: str, display: str, text: str | None = None) -> Json:
    """A CodeableConcept of one Coding and the words a person reads."""
    return {"coding": [coding(system, code, display)], "text": text or display}


def hl7(table: str, code: str, display: str | None = None) -> Json:
    """A CodeableConcept of an HL7 terminology code."""
    return {"coding": [coding(HL7 + table, code, display)]}


def profile(name: str) -> Json:
    """`meta` that claims one US Core profile."""
    return {"profile": [US_CORE + name]}


def ref(target: str, display: str | None = None) -> Json:
    """A Reference to `Type/id`."""
    return {"reference": target, "display": display} if display else {"reference": target}


def quantity(value: float, unit: str, code: str | None = None) -> Json:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


def moment(day: date, minute: int) -> str:
    """A dateTime at the clinic: `minute` minutes after midnight of `day`."""
    start = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME)
    return (start + timedelta(minutes=minute)).isoformat()


def years_between(start: date, end: date) -> float:
    """Age at `end`, in years with a fraction."""
    return (end - start).days / 365.25


def later(day: date, years: float = 0, months: float = 0, days: float = 0) -> date:
    """The day this much later."""
    return day + timedelta(days=round(years * 365.25 + months * 30.4375 + days))
