"""Questions asked at visits: smoking status, PHQ-2/PHQ-9, GAD-7, food security, as Observations."""

from __future__ import annotations

from osler.demo.chart import Seen
from osler.demo.codes import LOINC, SNOMED, US_CORE, Json, coding, concept, hl7, quantity, ref

SOCIAL: list[Json] = [hl7("observation-category", "social-history", "Social History")]
SURVEY: list[Json] = [hl7("observation-category", "survey", "Survey")]
SDOH: list[Json] = [*SURVEY, {"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "sdoh", "SDOH")]}]
SMOKING = concept(LOINC, "72166-2", "Tobacco smoking status")
SMOKER = {
    "never": concept(SNOMED, "266919005", "Never smoked tobacco"),
    "former": concept(SNOMED, "8517006", "Ex-smoker"),
    "current": concept(SNOMED, "449868002", "Smokes tobacco daily"),
}
PHQ9_ITEMS = (
    ("44250-9", "Little interest or pleasure in doing things"),
    ("44255-8", "Feeling down, depressed, or hopeless"),
    ("44259-0", "Trouble falling or staying asleep, or sleeping too much"),
    ("44254-1", "Feeling tired or having little energy"),
    ("44251-7", "Poor appetite or overeating"),
    ("44258-2", "Feeling bad about yourself"),
    ("44252-5", "Trouble concentrating on things"),
    ("44253-3", "Moving or speaking slowly, or being fidgety or restless"),
    ("44260-8", "Thoughts that you would be better off dead"),
)
ANSWERS = (
    ("LA6568-5", "Not at all"),
    ("LA6569-3", "Several days"),
    ("LA6570-1", "More than half the days"),
    ("LA6571-9", "Nearly every day"),
)
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
        _answer(seen, SMOKING, SOCIAL, {"valueCodeableConcept": SMOKER[person.smoker]}, "smokingstatus")
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
        _answer(seen, FOOD, SDOH, {"valueCodeableConcept": AT_RISK if hungry else NO_RISK}, "observation-screening-assessment")


def _phq9(seen: Seen, burden: float) -> None:
    rng = seen.chart.rng
    scores = [max(0, min(3, round(rng.gauss(0.5 + 1.4 * burden, 0.6)))) for _ in PHQ9_ITEMS[:-1]]
    scores.append(1 if burden > 0.8 and rng.random() < 0.08 else 0)
    members: list[Json] = []
    for (code, words), score in zip(PHQ9_ITEMS, scores, strict=True):
        answer = concept(LOINC, *ANSWERS[score])
        members.append(
            ref(_answer(seen, concept(LOINC, code, words), SURVEY, {"valueCodeableConcept": answer}, "observation-screening-assessment"))
        )
    _score(seen, PHQ9, sum(scores), members)
    seen.findings.append(f"PHQ-9 {sum(scores)} of 27.")


def _score(seen: Seen, code: Json, score: int, members: list[Json] | None = None) -> None:
    value: Json = {"valueQuantity": quantity(score, "score", "{score}")}
    if members:
        value["hasMember"] = members
    _answer(seen, code, SURVEY, value, "observation-screening-assessment")


def _answer(seen: Seen, code: Json, category: list[Json], value: Json, name: str) -> str:
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
    return seen.chart.add("Observation", body | value, {"profile": [US_CORE + name]})
