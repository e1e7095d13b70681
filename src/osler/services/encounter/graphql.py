"""Where the chart's clinical sections come from."""

from __future__ import annotations

from osler.platform.readplan import FieldPlan, Finding, Rows, Section
from osler.services.encounter.rules import (
    AllergyFacts,
    ObservationFacts,
    ProblemFacts,
    StatusFacts,
    active_first,
    allergy_status,
    listed_allergies,
    listed_denials,
    listed_problems,
    trends,
)

ALLERGIES = Rows("AllergyIntolerance")
LABORATORY = Rows("Observation", "laboratory")
VITAL_SIGNS = Rows("Observation", "vital-signs")

FIELDS: dict[str, FieldPlan] = {
    "Chart.allergyStatus": Finding((ALLERGIES,), AllergyFacts, allergy_status),
    "Chart.allergies": Section(ALLERGIES, AllergyFacts, listed_allergies),
    "Chart.noKnownAllergies": Section(ALLERGIES, AllergyFacts, listed_denials),
    "Chart.problems": Section(Rows("Condition"), ProblemFacts, listed_problems),
    "Chart.immunizations": Section(Rows("Immunization")),
    "Chart.encounters": Section(Rows("Encounter"), paged=True, first_most=1000),
    "Chart.results": Section(LABORATORY, paged=True, first_most=1000),
    "Chart.vitals": Section(VITAL_SIGNS, first_most=1000),
    "Chart.trends": Finding(
        (Rows("Observation", "laboratory", most=300), Rows("Observation", "vital-signs", most=200)), ObservationFacts, trends
    ),
    "Chart.careTeam": Section(Rows("CareTeam"), StatusFacts, active_first),
}
