"""The problem list and the allergy list, as they stand."""

from __future__ import annotations

from datetime import date

from osler.demo.chart import Chart
from osler.demo.codes import ICD10, SNOMED, Json, coding, concept, hl7, later, moment, profile, ref
from osler.demo.model import Problem
from osler.demo.tables.allergens import ALLERGENS
from osler.demo.tables.conditions import Diagnosis

CATEGORY_TAG = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"
CONFIRMED = hl7("condition-ver-status", "confirmed", "Confirmed")
PROBLEM_LIST = hl7("condition-category", "problem-list-item", "Problem List Item")
DIAGNOSED_HERE = hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis")
HEALTH_CONCERN = {"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/condition-category", "health-concern", "Health Concern")]}
NO_KNOWN_ALLERGY = concept(SNOMED, "716186003", "No known allergy", "No known allergies")


def diagnosis_code(diagnosis: Diagnosis) -> Json:
    """A diagnosis in both code systems."""
    return {
        "coding": [coding(SNOMED, diagnosis.snomed, diagnosis.name), coding(ICD10, diagnosis.icd10, diagnosis.icd10_name)],
        "text": diagnosis.name,
    }


def clinical_status(code: str) -> Json:
    """Condition.clinicalStatus."""
    return hl7("condition-clinical", code, code.capitalize())


def write_problems(chart: Chart) -> None:
    """Lasting illnesses, recorded at the first visit after they began."""
    for problem in chart.person.problems:
        found = next(((place, visit.day) for place, visit in enumerate(chart.person.visits, 1) if visit.day >= problem.onset), None)
        if found is None:
            continue
        chart.restricted = problem.key == "opioid-dependence"
        chart.conditions[problem.key] = write_problem(chart, problem, *found)
        chart.restricted = False


def write_problem(chart: Chart, problem: Problem, visit: int, recorded: date) -> str:
    """One item of the problem list, put there at the person's n-th visit."""
    social = problem.key == "food-insecurity"
    category: list[Json] = [HEALTH_CONCERN, {"coding": [coding(CATEGORY_TAG, "sdoh", "SDOH")]}] if social else [PROBLEM_LIST]
    body: Json = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": recorded.isoformat()}],
        "clinicalStatus": clinical_status("resolved" if problem.ended else "active"),
        "verificationStatus": CONFIRMED,
        "category": category,
        "code": diagnosis_code(problem.chronic.diagnosis),
        "subject": chart.subject,
        "encounter": ref(f"Encounter/{chart.person.id}-e{visit}"),
        "onsetDateTime": problem.onset.isoformat(),
    }
    if problem.ended:
        body["abatementDateTime"] = problem.ended.isoformat()
    body |= {"recordedDate": moment(recorded, 600), "recorder": ref(chart.pcp.reference, chart.pcp.display)}
    return chart.add("Condition", body, profile("condition-problems-health-concerns"))


def write_allergies(chart: Chart) -> None:
    """Known allergies, an explicit "no known allergies", or nothing at all: three different facts."""
    person = chart.person
    if person.allergies == "not-recorded" or not person.visits:
        return
    recorded = moment(person.visits[0].day, person.visits[0].minute + 4)
    if person.allergies == "none-known":
        chart.add("AllergyIntolerance", _allergy(chart, NO_KNOWN_ALLERGY, recorded), profile("allergyintolerance"))
        return
    if not chart.allergens:
        names = list(ALLERGENS)
        chart.allergens = set(chart.rng.choices(names, [ALLERGENS[name].weight for name in names], k=chart.rng.choice((1, 1, 2, 3))))
    for name in sorted(chart.allergens):
        _write_allergy(chart, name, recorded)


def _write_allergy(chart: Chart, name: str, recorded: str) -> None:
    allergen = ALLERGENS[name]
    body = _allergy(chart, concept(allergen.system, allergen.code, allergen.name), recorded)
    code, words = allergen.reaction
    body["category"], body["criticality"] = [allergen.category], allergen.criticality
    age = chart.person.age(chart.person.visits[0].day)
    if age > 3:
        body["onsetDateTime"] = f"{later(chart.person.born, min(age, 18) * 0.7).year}"
    body["reaction"] = [
        {
            "substance": body["code"],
            "manifestation": [concept(SNOMED, code, words)],
            "severity": "severe" if words == "Anaphylaxis" else "moderate" if allergen.criticality == "high" else "mild",
        }
    ]
    keys = (
        "clinicalStatus",
        "verificationStatus",
        "type",
        "category",
        "criticality",
        "code",
        "patient",
        "onsetDateTime",
        "recordedDate",
        "recorder",
        "reaction",
    )
    chart.add("AllergyIntolerance", {key: body[key] for key in keys if key in body}, profile("allergyintolerance"))


def _allergy(chart: Chart, code: Json, recorded: str) -> Json:
    return {
        "clinicalStatus": hl7("allergyintolerance-clinical", "active", "Active"),
        "verificationStatus": hl7("allergyintolerance-verification", "confirmed", "Confirmed"),
        "type": "allergy",
        "code": code,
        "patient": chart.subject,
        "recordedDate": recorded,
        "recorder": ref(chart.pcp.reference, chart.pcp.display),
    }


def assess_plan_tag() -> Json:
    """CarePlan.category of US Core."""
    return {
        "coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan", "Assessment and Plan of Treatment")]
    }
