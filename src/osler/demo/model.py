"""Who lives in the demo town: households, people, their problems and the visits they will make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from osler.demo.codes import years_between
from osler.demo.tables.conditions import Acute, Chronic

Sex = Literal["male", "female"]
VisitKind = Literal["well", "newborn", "followup", "acute", "telehealth", "emergency", "inpatient", "addiction"]
Allergies = Literal["some", "none-known", "not-recorded"]


@dataclass(slots=True)
class Household:
    """People under one roof: one address, one telephone, one insurance, one family name."""

    family: str
    line: str
    city: str
    postal_code: str
    phone: str
    payer: str | None
    language: str = "en"


@dataclass(slots=True)
class Problem:
    """A lasting illness of one person, when it began, and from when it has been treated."""

    chronic: Chronic
    onset: date
    treated: date | None = None
    ended: date | None = None

    @property
    def key(self) -> str:
        """Our word for the illness."""
        return self.chronic.diagnosis.key


@dataclass(slots=True)
class Visit:
    """One planned encounter. `minute` counts from midnight."""

    day: date
    minute: int
    kind: VisitKind
    acute: Acute | None = None
    panels: tuple[str, ...] | None = None
    """Laboratory panels to draw; None lets the patient's problems decide."""


@dataclass(slots=True)
class Person:
    """One patient before any record is written."""

    id: str
    mrn: str
    seed: str
    sex: Sex
    born: date
    family: str
    given: tuple[str, ...]
    household: Household
    race: str = "white"
    ethnicity: str = "non-hispanic"
    suffix: str | None = None
    former_family: str | None = None
    prefix: str | None = None
    birth_text: str | None = None
    """What is written as birthDate when the full date is not known."""
    gender_identity: str | None = None
    interpreter: bool = False
    married: bool = False
    guardian: tuple[str, Sex] | None = None
    """Full name and sex of the parent who answers for a child."""
    contact: tuple[str, str] | None = None
    """Name and relationship of the emergency contact."""
    died: date | None = None
    allergies: Allergies = "some"
    allergens: tuple[str, ...] = ()
    """The substances reacted to, where they are not left to chance."""
    smoker: Literal["never", "former", "current"] = "never"
    height_z: float = 0.0
    adult_bmi: float = 25.0
    complete: bool = False
    """True for one of whom everything that may be asked has been asked: see `Chart.once`."""
    problems: list[Problem] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    def age(self, day: date) -> float:
        """Age in years on `day`."""
        return years_between(self.born, day)

    def problem(self, key: str, day: date) -> Problem | None:
        """This illness, if the person has it by `day`."""
        for problem in self.problems:
            if problem.key == key and problem.onset <= day:
                return problem
        return None

    @property
    def name(self) -> str:
        """The name as it is spoken."""
        return f"{self.given[0]} {self.family}"
