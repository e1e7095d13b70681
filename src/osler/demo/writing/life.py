"""What people tell about their lives: work, pregnancy, orientation, tobacco in figures, household, and what matters to them in care."""

from __future__ import annotations

from osler.demo.chart import Seen
from osler.demo.codes import LOINC, SNOMED, Json, coding, concept, later, quantity
from osler.demo.writing.screening import SOCIAL, answer

CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"
OCCUPATION = concept(LOINC, "11341-5", "History of Occupation")
INDUSTRY = concept(LOINC, "86188-0", "History of Occupation industry")
JOBS = (
    ("Elementary school teacher", "Elementary and secondary schools"),
    ("Electrician", "Construction"),
    ("Registered nurse", "Hospitals"),
    ("Truck driver", "Truck transportation"),
    ("Cook", "Restaurants"),
    ("Accountant", "Accounting services"),
    ("Copper miner", "Metal ore mining"),
    ("Cashier", "Supermarkets and other grocery stores"),
)
PREGNANCY = concept(LOINC, "82810-3", "Pregnancy status")
PREGNANT, NOT_PREGNANT = concept(SNOMED, "77386006", "Pregnant"), concept(SNOMED, "60001007", "Not pregnant")
INTENT = concept(LOINC, "86645-9", "Pregnancy intention in the next year - Reported")
NOT_SURE = concept(SNOMED, "454381000124105", "Not sure of desire to become pregnant")
ORIENTATION = concept(LOINC, "76690-7", "Sexual orientation")
ORIENTATIONS = (
    concept(SNOMED, "20430005", "Heterosexual"),
    concept(SNOMED, "38628009", "Homosexual"),
    concept(SNOMED, "42035005", "Bisexual"),
)
PACK_YEARS = concept(SNOMED, "401201003", "Cigarette pack-years")
TREATMENT = concept(LOINC, "75773-2", "Goals, preferences, and priorities for medical treatment [Reported]")
CARE = concept(LOINC, "95541-9", "Care experience preference [Reported]")
HOUSEHOLD = concept(LOINC, "63512-8", "How many people are living or staying at this address")
SCHOOLING = concept(LOINC, "82589-3", "Highest level of education")
EMPLOYMENT = concept(LOINC, "67875-5", "Employment status - current")
ARMED_FORCES = concept(LOINC, "93034-7", "Discharged from the armed forces of the United States")


def ask_about_life(seen: Seen) -> None:
    """What a medical assistant asks once, at a visit that leaves time for it."""
    chart, person = seen.chart, seen.chart.person
    if seen.visit.kind not in ("well", "followup"):
        return
    age = person.age(seen.visit.day)
    if age >= 18 and chart.once("occupation", 0.6):
        _occupation(seen)
    if person.sex == "female" and 15 <= age < 50 and chart.once("pregnancy", 0.35):
        _pregnancy(seen)
    if age >= 18 and chart.once("orientation", 0.12):
        chosen = chart.choice("orientation", ORIENTATIONS, (90, 5, 5))
        answer(seen, ORIENTATION, SOCIAL, {"valueCodeableConcept": chosen}, "observation-sexual-orientation")
    if person.smoker != "never" and chart.once("pack-years", 0.7):
        smoked = max(1, round((age - 17) * 0.4))
        answer(seen, PACK_YEARS, SOCIAL, {"valueQuantity": quantity(smoked, "pack years", "{PackYears}")}, "smokingstatus")
    if age >= 18 and chart.once("household", 0.1):
        _household(seen)
    if age >= (18 if person.complete else 60) and chart.once("preferences", 0.2):
        _preferences(seen)


def _occupation(seen: Seen) -> None:
    work, industry = seen.chart.choice("occupation", JOBS)
    retired = seen.chart.person.age(seen.visit.day) >= 66
    started = later(seen.chart.person.born, years=22 if retired else 18)
    period: Json = {"start": started.isoformat()}
    if retired:
        period["end"] = later(seen.chart.person.born, years=65).isoformat()
    value: Json = {
        "effectivePeriod": period,
        "valueCodeableConcept": {"text": work},
        "component": [{"code": INDUSTRY, "valueCodeableConcept": {"text": industry}}],
    }
    answer(seen, OCCUPATION, SOCIAL, value, "observation-occupation")


def _pregnancy(seen: Seen) -> None:
    answer(seen, PREGNANCY, SOCIAL, {"valueCodeableConcept": NOT_PREGNANT}, "observation-pregnancystatus")
    answer(seen, INTENT, SOCIAL, {"valueCodeableConcept": NOT_SURE}, "observation-pregnancyintent")


def _household(seen: Seen) -> None:
    chart = seen.chart
    people = chart.choice("household size", (1, 2, 3, 4, 5))
    first = answer(seen, HOUSEHOLD, SOCIAL, {"valueQuantity": quantity(people, "people", "{#}")}, "simple-observation")
    work = chart.choice("employment", (concept(LOINC, "LA17958-2", "Full-time employment"), concept(LOINC, "LA17956-6", "Unemployed")))
    answer(seen, EMPLOYMENT, SOCIAL, {"valueCodeableConcept": work}, "simple-observation")
    schooling = chart.choice("schooling", ("High school", "Two years of college", "Bachelor's degree", "Eighth grade"))
    answer(seen, SCHOOLING, SOCIAL, {"valueString": schooling}, "simple-observation")
    served: Json = {"valueBoolean": chart.choice("armed forces", (False, True), (6, 1)), "derivedFrom": [{"reference": first}]}
    answer(seen, ARMED_FORCES, SOCIAL, served, "simple-observation")


def _preferences(seen: Seen) -> None:
    """The same wish in the patient's own words and, where there is a code for it, coded."""
    treatment, care = (
        [{"coding": [coding(CATEGORY, name, words)]}]
        for name, words in (
            ("treatment-intervention-preference", "Treatment Intervention Preference"),
            ("care-experience-preference", "Care Experience Preference"),
        )
    )
    wish = "No breathing machine if there is no hope of going home again."
    answer(seen, TREATMENT, treatment, {"valueString": wish}, "treatment-intervention-preference")
    answer(seen, CARE, care, {"valueString": "Please speak slowly, and let my family sit in."}, "care-experience-preference")
    if seen.chart.once("coded preferences", 0.5):
        coded = concept(SNOMED, "304253006", "Not for resuscitation")
        answer(seen, TREATMENT, treatment, {"valueCodeableConcept": coded}, "treatment-intervention-preference")
        answer(seen, CARE, care, {"valueCodeableConcept": {"text": "Prefers a woman as clinician"}}, "care-experience-preference")
