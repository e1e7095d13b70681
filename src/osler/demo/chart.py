"""One patient's record while it is being written: ids, dates, who cares for the patient, and the resources so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import TypeVar

from osler.demo.codes import Json, moment, ref
from osler.demo.model import Person, Visit
from osler.demo.staff import BY_SPECIALTY, Practitioner

Option = TypeVar("Option")

SHORT = {
    "Encounter": "e",
    "Observation": "o",
    "Condition": "c",
    "MedicationRequest": "m",
    "MedicationDispense": "md",
    "AllergyIntolerance": "a",
    "Immunization": "i",
    "DiagnosticReport": "r",
    "ServiceRequest": "sr",
    "Specimen": "s",
    "Procedure": "pr",
    "DocumentReference": "d",
    "CareTeam": "ct",
    "CarePlan": "cp",
    "Goal": "g",
    "Coverage": "cov",
    "RelatedPerson": "rp",
    "Appointment": "ap",
    "Provenance": "prov",
    "Consent": "con",
    "Device": "dev",
    "QuestionnaireResponse": "qr",
    "Media": "im",
    "Binary": "b",
}
RESTRICTED: list[Json] = [
    {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R", "display": "restricted"},
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ETH", "display": "substance abuse information sensitivity"},
    {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "SUD",
        "display": "substance use disorder information sensitivity",
    },
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2", "display": "42 CFR Part2"},
]
"""The labels of records of a federally assisted substance use disorder program, https://www.ecfr.gov/current/title-42/part-2."""


class Chart:
    """Collects one person's resources. Ids count up per type, so the same person always gets the same ids."""

    def __init__(self, person: Person, as_of: date) -> None:
        self.person = person
        self.as_of = as_of
        self.rng = Random(f"{person.seed}/chart")
        self.resources: list[Json] = []
        self.subject = ref(f"Patient/{person.id}")
        self.conditions: dict[str, str] = {}
        self.allergens: set[str] = set(person.allergens)
        self.prescribed: dict[str, date] = {}
        """Medicine -> day of its latest long-term prescription."""
        self.doses: dict[str, tuple[int, date]] = {}
        """Vaccine -> number and day of the latest dose."""
        self.restricted = False
        """True while what is written belongs to the Part 2 program."""
        self.pcp = self.choose(self._primary_specialty())
        self._counts: dict[str, int] = {}
        self._asked: set[str] = set()

    def _primary_specialty(self) -> str:
        age = self.person.age(self.as_of)
        if age < 16:
            return "pediatrics"
        return self.rng.choices(("family", "internal", "nurse-practitioner"), (12, 6 if age > 50 else 2, 4))[0]

    def choose(self, specialty: str) -> Practitioner:
        """One practitioner of this specialty, or of family medicine where the clinic has none."""
        return self.rng.choice(BY_SPECIALTY.get(specialty) or BY_SPECIALTY["family"])

    def once(self, what: str, share: float) -> bool:
        """True the first time it is asked, for this share of people; for everybody whose record is to be complete.

        The draw is the fact's own, so that one more fact changes nothing about the others.
        """
        if what in self._asked:
            return False
        self._asked.add(what)
        return self.person.complete or Random(f"{self.person.seed}/{what}").random() < share

    def choice(self, what: str, options: Sequence[Option], weights: Sequence[int] | None = None) -> Option:
        """One of the options, always the same for the same person and question."""
        return Random(f"{self.person.seed}/which {what}").choices(options, weights)[0]

    def add(self, resource_type: str, body: Json, profile_meta: Json | None = None, id_: str | None = None) -> str:
        """Append one resource with the next id of its type and give back `Type/id`."""
        if id_ is None:
            number = self._counts[resource_type] = self._counts.get(resource_type, 0) + 1
            id_ = f"{self.person.id}-{SHORT[resource_type]}{number}"
        resource: Json = {"resourceType": resource_type, "id": id_}
        if self.restricted:
            resource["meta"] = (profile_meta or {}) | {"security": RESTRICTED}
        elif profile_meta:
            resource["meta"] = profile_meta
        resource |= body
        self.resources.append(resource)
        return f"{resource_type}/{id_}"

    def of_type(self, resource_type: str) -> list[Json]:
        """The resources of one type written so far, in the order written."""
        return [one for one in self.resources if one["resourceType"] == resource_type]


class Seen:
    """One encounter that is being documented: where the facts found in it point to."""

    def __init__(self, chart: Chart, visit: Visit, encounter: str, practitioner: Practitioner, location: str) -> None:
        self.chart = chart
        self.visit = visit
        self.encounter = ref(encounter)
        self.practitioner = practitioner
        self.performer = ref(practitioner.reference, practitioner.display)
        self.location = location
        self.findings: list[str] = []
        """Sentences for the note."""
        self.plan: list[str] = []
        self.diagnoses: list[str] = []
        """Condition references this visit is about."""

    def at(self, minutes: int) -> str:
        """A time this many minutes into the visit."""
        return moment(self.visit.day, self.visit.minute + minutes)
