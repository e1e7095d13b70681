"""Who is registered: invented households in the order in which they moved in, one after the other, never all in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from osler.demo.codes import later
from osler.demo.model import Household, Person, Problem, Sex
from osler.demo.tables.conditions import CHRONIC, Chronic
from osler.demo.tables.names import AREA_CODES, FAMILIES, FEMALE, MALE, RACES, STREET_KINDS, STREETS, TOWNS

Choice = TypeVar("Choice")

HOUSEHOLD_KINDS = (("single", 30), ("couple", 16), ("family", 36), ("lone-parent", 8), ("elders", 10))


def mrn(number: int) -> str:
    """The medical record number of the clinic's n-th patient."""
    return f"{7_000_000 + number * 37:07d}"


def residents(seed: int, as_of: date, first: int, last: int) -> Iterator[Person]:
    """Patients number `first` to `last`, household by household; the same people whatever `last` is."""
    number, house = first, 0
    while number <= last:
        for person in _household(seed, house, number, as_of):
            if number > last:
                return
            yield person
            number += 1
        house += 1


def _household(seed: int, house: int, number: int, as_of: date) -> Iterator[Person]:
    rng = Random(f"{seed}/household/{house}")
    kind = _weighted(rng, HOUSEHOLD_KINDS)
    home, race, hispanic = make_household(rng)
    plan: list[tuple[Sex, float]] = []
    if kind == "single":
        plan.append((_sex(rng), rng.triangular(19, 92, 48)))
    elif kind == "lone-parent":
        plan.append(("female" if rng.random() < 0.8 else "male", rng.uniform(22, 46)))
    else:
        older = rng.uniform(62, 90) if kind == "elders" else rng.uniform(24, 48) if kind == "family" else rng.uniform(24, 66)
        plan += [("male", older), ("female", max(20.0, older + rng.uniform(-6, 3)))]
    adults = len(plan)
    if kind in ("family", "lone-parent"):
        oldest = max(0.1, plan[-1][1] - 20)
        plan += [(_sex(rng), min(17.8, oldest * rng.random())) for _ in range(_weighted(rng, ((1, 40), (2, 40), (3, 20))))]
    names: list[str] = []
    givens = [_given(rng, sex, names) for sex, _ in plan]
    for place, ((sex, age), given) in enumerate(zip(plan, givens, strict=True)):
        child = place >= adults
        person = Person(
            id=f"p{number + place:05d}",
            mrn=mrn(number + place),
            seed=f"{seed}/{house}/{place}",
            sex=sex,
            born=as_of - timedelta(days=int(age * 365.25)),
            family=home.family,
            given=given,
            household=home,
            race=race,
            ethnicity="hispanic" if hispanic else "non-hispanic",
            married=adults == 2 and not child,
        )
        if child:
            person.guardian = (f"{names[adults - 1]} {home.family}", plan[adults - 1][0])
            person.contact = (person.guardian[0], "PRN")
        elif adults == 2:
            person.contact = (f"{names[1 - place]} {home.family}", "SPS")
        finish(person, Random(f"{person.seed}/life"), as_of)
        yield person


def make_household(rng: Random) -> tuple[Household, str, bool]:
    """An address, a telephone, an insurance, and the race and ethnicity most of the house shares."""
    town, postal_code = rng.choice(TOWNS)
    hispanic = rng.random() < 0.36
    race = _weighted(rng, tuple((key, weight) for key, _, _, weight in RACES))
    language = "es" if hispanic and rng.random() < 0.3 else {"asian": "vi"}.get(race, "en") if rng.random() < 0.12 else "en"
    home = Household(
        family=rng.choice(FAMILIES),
        line=f"{rng.randint(100, 9899)} {rng.choice('NSEW')} {rng.choice(STREETS)} {rng.choice(STREET_KINDS)}",
        city=town,
        postal_code=postal_code,
        phone=f"{rng.choice(AREA_CODES)}-555-{rng.randint(100, 199):04d}",
        payer=_weighted(rng, (("payer-saguaro", 34), ("payer-cactus", 34), ("payer-medicaid", 24), (None, 8))),
        language=language,
    )
    return home, race, hispanic


def finish(person: Person, rng: Random, as_of: date) -> None:
    """Give a person a body, habits, illnesses and, rarely, a death: the parts nobody chose."""
    age = person.age(as_of)
    person.height_z = max(-2.2, min(2.2, rng.gauss(0, 0.95)))
    person.adult_bmi = max(18.0, min(46.0, rng.gauss(26.8 if age > 30 else 24.6, 4.4)))
    if age >= 16:
        person.smoker = "current" if (draw := rng.random()) < 0.12 else "former" if draw < 0.32 and age > 30 else "never"
    person.allergies = "some" if (draw := rng.random()) < 0.30 else "none-known" if draw < 0.82 else "not-recorded"
    if person.sex == "female" and person.married and age > 30 and rng.random() < 0.3:
        person.former_family = rng.choice(FAMILIES)
    if rng.random() < 0.01 and age >= 18:
        person.gender_identity = "non-binary" if rng.random() < 0.4 else "transgender"
    if person.household.language != "en":
        person.interpreter = rng.random() < 0.6
    if age > 68 and rng.random() < 0.07:
        person.died = as_of - timedelta(days=rng.randint(20, 1100))
    person.problems = [problem for chronic in CHRONIC if (problem := _falls_ill(person, chronic, rng, as_of))]
    if any(problem.key == "diabetes" for problem in person.problems):
        person.problems = [problem for problem in person.problems if problem.key != "prediabetes"]


def _falls_ill(person: Person, chronic: Chronic, rng: Random, as_of: date) -> Problem | None:
    draw, when = rng.random(), rng.random()
    until = person.died or as_of
    age = person.age(until)
    if age < chronic.from_age or (chronic.only and chronic.only != person.sex):
        return None
    if chronic.diagnosis.key == "obesity":
        return Problem(chronic, later(person.born, max(12, age - 9 * when - 1))) if person.adult_bmi >= 30 else None
    young, middle, old = chronic.shares
    share = young if age < 30 else middle if age < 58 else old
    if chronic.diagnosis.key in ("diabetes", "hypertension", "hyperlipidemia", "prediabetes") and person.adult_bmi > 30:
        share *= 1.6
    if chronic.diagnosis.key == "copd" and person.smoker != "never":
        share *= 2.5
    if draw >= share:
        return None
    last = min(age, chronic.to_age)
    begun = max(chronic.from_age, last - when * min(14.0, last - chronic.from_age))
    return Problem(chronic, min(later(person.born, begun), until - timedelta(days=2)))


def _given(rng: Random, sex: Sex, taken: list[str]) -> tuple[str, ...]:
    pool = MALE if sex == "male" else FEMALE
    first = rng.choice(pool)
    while first in taken:
        first = rng.choice(pool)
    taken.append(first)
    return (first, rng.choice(pool)) if rng.random() < 0.5 else (first,)


def _sex(rng: Random) -> Sex:
    return "female" if rng.random() < 0.51 else "male"


def _weighted(rng: Random, choices: Sequence[tuple[Choice, int]]) -> Choice:
    return rng.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]
