"""What must hold of the clinical record: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from osler.platform.errors import Invalid, Issue
from osler.platform.fhir.r4 import Identifier, Meta, Observation


class ResultNotIdentified(Invalid):
    """A result without patient or identifier could be filed twice, or into nobody's chart."""


def check_result_can_be_filed(result: Observation) -> Identifier:
    """The identifier under which a result is filed. Raises `ResultNotIdentified` when it, or the patient, is missing."""
    if result.subject is None or not (result.subject.reference or "").startswith("Patient/"):
        raise ResultNotIdentified(
            "A result must name its patient", [Issue("required", "A result must name its patient", "Observation.subject")]
        )
    for identifier in result.identifier or ():
        if identifier.system and identifier.value:
            return identifier
    raise ResultNotIdentified(
        "A result must carry the laboratory's identifier",
        [Issue("required", "A result must carry the laboratory's identifier: system and value", "Observation.identifier")],
    )


def result_id(identifier: Identifier) -> str:
    """The FHIR id of the result with this identifier, so that a result that arrives twice at once is one resource."""
    return f"r-{sha256(f'{identifier.system}|{identifier.value}'.encode()).hexdigest()[:40]}"


def same_content(filed: Observation, sent: Observation) -> bool:
    """Whether a result says what the filed one says; id, version and date of filing aside."""
    return unversioned(filed) == unversioned(sent)


def unversioned(result: Observation) -> Observation:
    """The result without what the store stamps on it."""
    meta = replace(result.meta, versionId=None, lastUpdated=None) if result.meta else Meta()
    return replace(result, id=None, meta=None if meta == Meta() else meta)


SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
NO_KNOWN_ALLERGY = frozenset({"716186003", "160244002"})
NO_KNOWN_DRUG_ALLERGY = frozenset({"409137002"})
NO_KNOWN_OTHER_ALLERGY = frozenset({"429625007", "428607008", "428197003", "716220001", "716184000"})
"""SNOMED CT: no known food, environmental, insect, animal, latex allergy."""
NO_KNOWN = NO_KNOWN_ALLERGY | NO_KNOWN_DRUG_ALLERGY | NO_KNOWN_OTHER_ALLERGY
NOT_TRUE = frozenset({"refuted", "entered-in-error"})
POINTS_OF_A_TREND = 20


class Code(msgspec.Struct, frozen=True):
    """A Coding, as far as decisions need it."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(msgspec.Struct, frozen=True):
    """A CodeableConcept, as far as decisions need it."""

    coding: list[Code] = []
    text: str | None = None

    def first(self) -> str:
        """The first code."""
        return self.coding[0].code or "" if self.coding else ""

    def has(self, system: str, codes: frozenset[str]) -> bool:
        """Whether one of these codes of this system is in it."""
        return any(coding.system == system and coding.code in codes for coding in self.coding)


NONE = Concept()


class AllergyFacts(msgspec.Struct, frozen=True):
    """What places an AllergyIntolerance in the chart."""

    clinicalStatus: Concept = NONE  # noqa: N815 - FHIR's spelling
    verificationStatus: Concept = NONE  # noqa: N815 - FHIR's spelling
    code: Concept = NONE
    category: list[str | None] = []
    criticality: str | None = None


def counts(fact: AllergyFacts) -> bool:
    """Whether a statement about allergies holds: neither refuted nor entered in error."""
    return fact.verificationStatus.first() not in NOT_TRUE


def denies(fact: AllergyFacts) -> bool:
    """Whether the statement is that there is no known allergy (of any or of one kind)."""
    return fact.code.has(SNOMED, NO_KNOWN)


def listed_allergies(facts: Sequence[AllergyFacts]) -> list[int]:
    """The real allergies: active first, then drugs before the rest, then the most dangerous."""
    clinical = {"": 0, "active": 0, "inactive": 1, "resolved": 2}
    danger = {"high": 0, "unable-to-assess": 1, None: 1, "low": 2}

    def order(place: int) -> tuple[int, bool, int]:
        fact = facts[place]
        drug = "medication" in fact.category or "biologic" in fact.category
        return clinical.get(fact.clinicalStatus.first(), 1), not drug, danger.get(fact.criticality, 1)

    return sorted((place for place, fact in enumerate(facts) if counts(fact) and not denies(fact)), key=order)


def listed_denials(facts: Sequence[AllergyFacts]) -> list[int]:
    """The statements in force that there is no known allergy."""
    return [place for place, fact in enumerate(facts) if in_force(fact) and denies(fact)]


def in_force(fact: AllergyFacts) -> bool:
    """Whether a statement holds now."""
    return counts(fact) and fact.clinicalStatus.first() in ("", "active")


def allergy_status(facts: Sequence[AllergyFacts]) -> str:
    """RECORDED, NO_KNOWN_ALLERGIES or NOT_RECORDED; a real allergy outweighs a denial.

    "No known food allergy" alone says nothing of drugs, so it does not make the chart say that none are known.
    """
    real = [fact for fact in facts if counts(fact) and not denies(fact)]
    if any(in_force(fact) for fact in real):
        return "RECORDED"
    if any(in_force(fact) and fact.code.has(SNOMED, NO_KNOWN_ALLERGY | NO_KNOWN_DRUG_ALLERGY) for fact in facts):
        return "NO_KNOWN_ALLERGIES"
    return "RECORDED" if real else "NOT_RECORDED"


class ProblemFacts(msgspec.Struct, frozen=True):
    """What places a Condition in the chart."""

    clinicalStatus: Concept = NONE  # noqa: N815 - FHIR's spelling
    verificationStatus: Concept = NONE  # noqa: N815 - FHIR's spelling
    category: list[Concept] = []


def listed_problems(facts: Sequence[ProblemFacts]) -> list[int]:
    """The problem list, or where none is kept every condition; active ones first, without refuted and mistaken ones."""
    active = ("", "active", "recurrence", "relapse")
    kept = [place for place, fact in enumerate(facts) if fact.verificationStatus.first() not in NOT_TRUE]
    problems = [place for place in kept if any(each.first() == "problem-list-item" for each in facts[place].category)]
    return sorted(problems or kept, key=lambda place: facts[place].clinicalStatus.first() not in active)


class StatusFacts(msgspec.Struct, frozen=True):
    """What places a record with a plain status."""

    status: str | None = None


def active_first(facts: Sequence[StatusFacts]) -> list[int]:
    """Active ones first."""
    return sorted(range(len(facts)), key=lambda place: facts[place].status != "active")


class Amount(msgspec.Struct, frozen=True):
    """A Quantity, as far as a trend needs it."""

    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class Bounds(msgspec.Struct, frozen=True):
    """An Observation.referenceRange."""

    low: Amount = Amount()
    high: Amount = Amount()


class Measured(msgspec.Struct, frozen=True):
    """One measured value: of an Observation, or of one of its components."""

    code: Concept = NONE
    valueQuantity: Amount | None = None  # noqa: N815 - FHIR's spelling
    referenceRange: list[Bounds] = []  # noqa: N815 - FHIR's spelling
    interpretation: list[Concept] = []


class Span(msgspec.Struct, frozen=True):
    """A Period's start."""

    start: str | None = None


class ObservationFacts(Measured, frozen=True):
    """What a trend is made of."""

    id: str = ""
    status: str | None = None
    effectiveDateTime: str | None = None  # noqa: N815 - FHIR's spelling
    effectiveInstant: str | None = None  # noqa: N815 - FHIR's spelling
    effectivePeriod: Span = Span()  # noqa: N815 - FHIR's spelling
    component: list[Measured] = []

    def when(self) -> str | None:
        """The moment, or the start of the time, the value is of."""
        return self.effectiveDateTime or self.effectiveInstant or self.effectivePeriod.start


class TrendPoint(msgspec.Struct, frozen=True):
    """One value of a trend."""

    date: str
    value: Decimal
    observation: str


class Trend(msgspec.Struct, frozen=True):
    """The course of one measured value."""

    code: str
    system: str | None
    display: str
    unit: str | None
    category: str
    points: list[TrendPoint]
    low: Decimal | None
    high: Decimal | None
    interpretation: str | None


def trends(laboratory: Sequence[ObservationFacts], vital_signs: Sequence[ObservationFacts]) -> list[Trend]:
    """The course of each value, latest measured first; its points oldest first and all in the unit of the latest."""
    found: dict[tuple[str | None, str], Trend] = {}
    for category, facts in (("laboratory", laboratory), ("vital-signs", vital_signs)):
        for fact in facts:
            date = fact.when()
            if date is not None and fact.status != "cancelled":
                for measured in (fact, *fact.component):
                    add_point(found, measured, TrendPoint(date, ZERO, fact.id), category)
    for trend in found.values():
        trend.points.reverse()
    return list(found.values())


ZERO = Decimal(0)


def add_point(found: dict[tuple[str | None, str], Trend], measured: Measured, point: TrendPoint, category: str) -> None:
    """Put a value, older than all before it, into its trend. `<5` is no point: nobody knows where it lies."""
    amount = measured.valueQuantity
    if amount is None or amount.value is None or amount.comparator is not None or not measured.code.coding:
        return
    coding = next((coding for coding in measured.code.coding if coding.system == LOINC), measured.code.coding[0])
    unit = amount.unit or amount.code
    trend = found.get((coding.system, coding.code or ""))
    if trend is None:
        bounds = measured.referenceRange[0] if measured.referenceRange else Bounds()
        flag = measured.interpretation[0].first() if measured.interpretation else ""
        display = coding.display or measured.code.text or coding.code or ""
        trend = Trend(coding.code or "", coding.system, display, unit, category, [], bounds.low.value, bounds.high.value, flag or None)
        found[coding.system, trend.code] = trend
    if unit == trend.unit and len(trend.points) < POINTS_OF_A_TREND:
        trend.points.append(TrendPoint(point.date, amount.value, point.observation))
