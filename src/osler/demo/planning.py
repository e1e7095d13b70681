"""When people come: check-ups by age, follow-ups by illness, acute visits by chance; and from when an illness is treated."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Protocol

from osler.demo.codes import later, years_between
from osler.demo.model import Person, Visit, VisitKind
from osler.demo.tables.conditions import Acute
from osler.demo.tables.short_illnesses import ACUTE


class Come(Protocol):
    """Notes one visit, moved to a working day, unless that day is taken or outside the charted years."""

    def __call__(self, day: date, kind: VisitKind, acute: Acute | None = None) -> None:
        """Note the visit."""
        ...


CHILD_CHECKUPS = (2, 4, 6, 9, 12, 15, 18, 24, 30, *range(36, 217, 12))
"""Months of age at which a child is seen when well."""
OPENS, CLOSES = 8 * 60, 16 * 60 + 40


def plan_visits(person: Person, as_of: date, charted_years: float | None = None) -> None:
    """Decide the visits of a person's charted years, and the day from which each illness is treated."""
    rng = Random(f"{person.seed}/visits")
    end = person.died - timedelta(days=1) if person.died else as_of
    age = person.age(end)
    start = person.born if age < 12 else max(later(end, years=-(charted_years or rng.uniform(1.2, 4.2))), later(person.born, 1))
    days: dict[date, Visit] = {}

    def come(day: date, kind: VisitKind, acute: Acute | None = None) -> None:
        if kind not in ("emergency", "inpatient", "newborn"):
            day += timedelta(days=(0, 0, 0, 0, 0, 2, 1)[day.weekday()])
        if max(start, person.born) <= day <= end and day not in days:
            minute = rng.randrange(OPENS, CLOSES, 10) if kind != "emergency" else rng.randrange(0, 1380, 7)
            days[day] = Visit(day, minute, kind, acute)

    _well_visits(person, start, end, come, rng)
    _follow_ups(person, start, end, come, rng)
    _short_illnesses(person, start, end, come, rng)
    if as_of == end and as_of.weekday() < 5 and rng.random() < 0.04:
        come(as_of, "followup")
    person.visits = sorted(days.values(), key=lambda visit: visit.day)
    begin_treatment(person)


def _well_visits(person: Person, start: date, end: date, come: Come, rng: Random) -> None:
    if person.born >= start:
        come(person.born, "newborn")
        come(person.born + timedelta(days=rng.randint(3, 5)), "well")
    for months in CHILD_CHECKUPS:
        day = later(person.born, months=months) + timedelta(days=rng.randint(1, 12))
        if start <= day <= end and rng.random() < (0.97 if months < 24 else 0.8):
            come(day, "well")
    day = start + timedelta(days=rng.randint(0, 300))
    while day <= end:
        if person.age(day) >= 18 and rng.random() < 0.75:
            come(day, "well")
        day += timedelta(days=rng.randint(345, 410))


def _follow_ups(person: Person, start: date, end: date, come: Come, rng: Random) -> None:
    for problem in person.problems:
        if start < problem.onset <= end:
            come(problem.onset, "followup")
            come(problem.onset + timedelta(days=rng.randint(14, 40)), "followup")
            if problem.key == "diabetes":
                come(problem.onset + timedelta(days=rng.randint(130, 160)), "followup")
    day = start + timedelta(days=rng.randint(20, 120))
    while day <= end:
        burden = sum(problem.onset <= day for problem in person.problems)
        if burden:
            come(day, "telehealth" if rng.random() < 0.12 else "followup")
        gap = 365 if not burden else 270 if burden < 3 else 170
        day += timedelta(days=round(gap * rng.uniform(0.8, 1.2)))
    if person.problem("heart-failure", end) or person.problem("copd", end):
        for _ in range(rng.randint(0, 2)):
            come(later(end, years=-rng.uniform(0, min(3.0, years_between(start, end)))), "inpatient")


def _short_illnesses(person: Person, start: date, end: date, come: Come, rng: Random) -> None:
    span = years_between(start, end)
    for _ in range(round(span * rng.uniform(0.2, 1.3))):
        day = start + timedelta(days=rng.randint(0, max(0, (end - start).days)))
        age = person.age(day)
        fitting = [acute for acute in ACUTE if acute.from_age <= age <= acute.to_age]
        if fitting:
            acute = rng.choices(fitting, [one.weight for one in fitting])[0]
            grave = acute.diagnosis.key in ("laceration", "pneumonia") or rng.random() < 0.06
            come(day, "emergency" if grave else "acute", acute)


def begin_treatment(person: Person) -> None:
    """Treatment begins at the second visit after the illness was found; one brought along from before is treated already."""
    if not person.visits:
        return
    first = person.visits[0].day
    for problem in person.problems:
        if problem.treated:
            continue
        if problem.onset < first - timedelta(days=200):
            problem.treated = problem.onset + timedelta(days=60)
            continue
        seen = [visit.day for visit in person.visits if visit.day >= problem.onset and visit.kind not in ("emergency", "newborn")]
        problem.treated = seen[1] if len(seen) > 1 else None
