"""How people get along: function, disability, thinking, activity, alcohol. US Core screening and assessments:
http://hl7.org/fhir/us/core/StructureDefinition-us-core-observation-screening-assessment.html"""

from __future__ import annotations

from osler.demo.chart import Seen
from osler.demo.codes import HL7, LOINC, SNOMED, Json, coding, concept, profile, quantity, ref
from osler.demo.writing.life import CATEGORY
from osler.demo.writing.screening import SURVEY, answer

YES, NO = concept(LOINC, "LA33-6", "Yes"), concept(LOINC, "LA32-8", "No")
BARTHEL = concept(LOINC, "96761-2", "Total score Barthel Index")
WALKING = concept(LOINC, "69859-7", "Do you have serious difficulty walking or climbing stairs")
MMSE = concept(LOINC, "72106-8", "Total score [MMSE]")
EXERCISE = concept(
    LOINC,
    "89555-7",
    "How many days per week did you engage in moderate to strenuous physical activity in the last 30 days",
    "Days of exercise",
)
AUDIT_C = concept(LOINC, "75626-2", "Total score [AUDIT-C]")
OWN_WORDS = concept(LOINC, "10158-4", "History of Functional status Narrative")
OBSERVED = HL7 + "observation-category"


def survey(seen: Seen) -> None:
    """The yearly questions to older people; to everybody else at their first visit that leaves time for it."""
    chart, person = seen.chart, seen.chart.person
    if seen.visit.kind != "well" or chart.restricted:
        return
    age = person.age(seen.visit.day)
    if age >= (18 if person.complete else 65) and chart.once("function", 0.35):
        frail = age > 80 or person.problem("knee-arthritis", seen.visit.day) is not None
        _ask(seen, BARTHEL, CATEGORY, "functional-status", {"valueQuantity": quantity(85 if frail else 100, "score", "{score}")})
        _ask(seen, WALKING, CATEGORY, "disability-status", {"valueCodeableConcept": YES if frail else NO})
        _ask(seen, MMSE, CATEGORY, "cognitive-status", {"valueQuantity": quantity(26 if age > 80 else 29, "score", "{score}")})
        _ask(seen, OWN_WORDS, CATEGORY, "functional-status", {"valueString": "Walk to the market and back without stopping."})
    if age >= 18 and chart.once("habits", 0.3):
        days = chart.choice("exercise", (0, 1, 2, 3, 5))
        _ask(seen, EXERCISE, OBSERVED, "activity", {"valueQuantity": quantity(days, "days per week", "d/wk")})
        drinks = chart.choice("alcohol", (0, 1, 2, 3, 5), (4, 3, 2, 1, 1))
        _ask(seen, AUDIT_C, OBSERVED, "social-history", {"valueQuantity": quantity(drinks, "score", "{score}")})


def _ask(seen: Seen, code: Json, system: str, kind: str, value: Json) -> None:
    words = {"sdoh": "SDOH"}.get(kind, kind.replace("-", " ").title())
    screened: Json = {"coding": [coding(system, kind, words)]}
    answer(seen, code, [*SURVEY, screened], value, "observation-screening-assessment")


def referral(seen: Seen, reason: str) -> None:
    """Help asked for from outside: what SDOH screening is for."""
    body: Json = {
        "status": "active",
        "intent": "order",
        "category": [{"coding": [coding(CATEGORY, "sdoh", "SDOH")]}],
        "code": concept(SNOMED, "306206005", "Referral to service", "Referral to the community food bank"),
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "occurrencePeriod": {"start": seen.at(1440), "end": seen.at(90 * 1440)},
        "authoredOn": seen.at(14),
        "requester": seen.performer,
        "reasonReference": [ref(reason)],
    }
    seen.chart.add("ServiceRequest", body, profile("servicerequest"))
    seen.plan.append("Referred to the community food bank.")
