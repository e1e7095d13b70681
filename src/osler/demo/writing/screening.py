"""Questions asked at visits: smoking status, PHQ-2/PHQ-9, GAD-7, food security, as Observations."""

from __future__ import annotations

from osler.demo.chart import Seen
from osler.demo.codes import LOINC, SNOMED, US_CORE, Json, coding, concept, hl7, quantity, ref
from osler.demo.tables.questions import ANSWERS, PHQ9_ITEMS
from osler.demo.writing.questionnaires import write_phq9

SOCIAL: list[Json] = [hl7("observation-category", "social-history", "Social History")]
SURVEY: list[Json] = [hl7("observation-category", "survey", "Survey")]
SDOH: list[Json] = [*SURVEY, {"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "sdoh", "SDOH")]}]
SMOKING = concept(LOINC, "72166-2", "Tobacco smoking status")
SMOKER = {
    "never": concept(SNOMED, "266919005", "Never smoked tobacco"),
    "former": concept(SNOMED, "8517006", "Ex-smoker"),
    "current": concept(SNOMED, "449868002", "Smokes tobacco daily"),
}
PHQ9, PHQ2 = (
    concept(LOINC, "44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]", "PHQ-9 total score"),
    concept(LOINC, "55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]", "PHQ-2 total score"),
)
GAD7 = concept(LOINC, "70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]", "GAD-7 total score")
FOOD = concept(LOINC, "88124-3", "Food insecurity risk [HVS]")
AT_RISK, NO_RISK = concept(LOINC, "LA19952-3", "At risk"), concept(LOINC, "LA19983-8", "No risk")


def screen(seen: Seen) -> None:
    """What is asked at a check-up, and again at follow-ups of the illnesses the answers track."""
    person, day, visit = seen.chart.person, seen.visit.day, seen.visit
    age = person.age(day)
    if visit.kind == "well" and age >= 16:
        answer(seen, SMOKING, SOCIAL, {"valueCodeableConcept": SMOKER[person.smoker]}, "smokingstatus")
    depressed = person.problem("depression", day)
    if visit.kind in ("well", "followup", "telehealth") and depressed:
        _phq9(seen, 1.0 if depressed.treated is None or day <= depressed.treated else 0.5 ** ((day - depressed.treated).days / 60))
    elif visit.kind == "well" and age >= 12:
        _score(seen, PHQ2, min(2, int(seen.chart.rng.expovariate(1.6))))
    if visit.kind in ("well", "followup") and (anxious := person.problem("anxiety", day)):
        calm = 1.0 if anxious.treated is None or day <= anxious.treated else 0.5 ** ((day - anxious.treated).days / 75)
        _score(seen, GAD7, max(0, min(21, round(seen.chart.rng.gauss(5 + 9 * calm, 1.5)))))
    if visit.kind == "well" and age >= 18:
        hungry = person.problem("food-insecurity", day)
        answer(seen, FOOD, SDOH, {"valueCodeableConcept": AT_RISK if hungry else NO_RISK}, "observation-screening-assessment")


def _phq9(seen: Seen, burden: float) -> None:
    rng = seen.chart.rng
    scores = [max(0, min(3, round(rng.gauss(0.5 + 1.4 * burden, 0.6)))) for _ in PHQ9_ITEMS[:-1]]
    scores.append(1 if burden > 0.8 and rng.random() < 0.08 else 0)
    members: list[Json] = []
    for (code, words), score in zip(PHQ9_ITEMS, scores, strict=True):
        chosen = concept(LOINC, *ANSWERS[score])
        members.append(
            ref(answer(seen, concept(LOINC, code, words), SURVEY, {"valueCodeableConcept": chosen}, "observation-screening-assessment"))
        )
    response = write_phq9(seen, scores) if not seen.chart.restricted else None
    _score(seen, PHQ9, sum(scores), members, response)
    seen.findings.append(f"PHQ-9 {sum(scores)} of 27.")


def _score(seen: Seen, code: Json, score: int, members: list[Json] | None = None, response: str | None = None) -> None:
    value: Json = {"valueQuantity": quantity(score, "score", "{score}")}
    if members:
        value["hasMember"] = members
    if response:
        value["derivedFrom"] = [ref(response)]
    answer(seen, code, SURVEY, value, "observation-screening-assessment")


def answer(seen: Seen, code: Json, category: list[Json], value: Json, name: str) -> str:
    """One answer as an Observation; one that holds for a period belongs to no visit."""
    body: Json = {
        "status": "final",
        "category": category,
        "code": code,
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "effectiveDateTime": seen.at(8),
        "issued": seen.at(9),
        "performer": [seen.performer],
    }
    if "effectivePeriod" in value:
        del body["effectiveDateTime"], body["encounter"]
    return seen.chart.add("Observation", body | value, {"profile": [US_CORE + name]})
