"""The patients known by name: each stands for a complaint about other systems, and keeps its id whatever the seed.

README.md beside this file lists them for people; `SPECIAL` lists them for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import cast

from osler.demo.chart import Chart
from osler.demo.codes import Json, coding, hl7, later, moment, ref
from osler.demo.heavy import heavy_record
from osler.demo.model import Allergies, Household, Person, Problem, Sex, Visit, VisitKind
from osler.demo.planning import begin_treatment, plan_visits
from osler.demo.population import mrn
from osler.demo.record import close_chart, open_chart, write_record, write_visit
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.conditions import CHRONIC_BY_KEY, OPIOID_DEPENDENCE, Chronic
from osler.demo.tables.labs import PANELS
from osler.demo.tables.short_illnesses import ACUTE
from osler.demo.writing.encounters import open_encounter
from osler.demo.writing.results import write_order, write_report, write_result, write_specimen


@dataclass(frozen=True, slots=True)
class Special:
    """One known patient: how old today, what they have, and what is odd about them."""

    id: str
    given: tuple[str, ...]
    family: str
    sex: Sex
    age: float
    illnesses: tuple[tuple[str, float], ...] = ()
    """Our word for the illness, and how many years ago it began."""
    allergies: Allergies = "none-known"
    allergens: tuple[str, ...] = ()
    race: str = "white"
    hispanic: bool = False
    language: str = "en"
    guardian: tuple[str, Sex] | None = None
    suffix: str | None = None
    former_family: str | None = None
    partial_birth: str | None = None
    died_days_ago: int | None = None
    complete: bool = False
    write: Callable[[Person, date], list[Json]] = write_record


def partial_lab_record(person: Person, as_of: date) -> list[Json]:
    """A lipid panel drawn yesterday of which two of four results are back: `DiagnosticReport/partial-lab-report`."""
    chart = open_chart(person, as_of)
    for visit in person.visits:
        write_visit(open_encounter(chart, visit))
    _partial_panel(chart)
    close_chart(chart)
    return chart.resources


def _partial_panel(chart: Chart) -> None:
    drawn = Visit(chart.as_of - timedelta(days=1), 9 * 60 + 10, "followup", panels=())
    seen = open_encounter(chart, drawn)
    panel = PANELS["lipid"]
    order, specimen = write_order(seen, panel, "active"), write_specimen(seen, "blood")
    results = [
        write_result(seen, "cholesterol", 236, order, specimen, "preliminary"),
        write_result(seen, "hdl", 41, order, specimen, "preliminary"),
    ]
    for key in ("triglycerides", "ldl"):
        results.append(write_result(seen, key, 0, order, specimen, "registered"))
        waiting = chart.resources[-1]
        for element in ("valueQuantity", "interpretation", "issued"):
            waiting.pop(element, None)
        waiting["dataAbsentReason"] = hl7("data-absent-reason", "temp-unknown", "Temporarily Unknown")
        results.pop()
    write_report(seen, panel, order, results, "partial", "partial-lab-report")


def part2_record(person: Person, as_of: date) -> list[Json]:
    """Primary care beside a substance use disorder program whose records are labelled, and the consent on file."""
    chart = open_chart(person, as_of)
    for visit in person.visits:
        chart.restricted = visit.kind == "addiction"
        write_visit(open_encounter(chart, visit))
    chart.restricted = True
    signed = next(visit.day for visit in person.visits if visit.kind == "addiction")
    program = coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "42CFRPart2", "42 CFR Part2")
    chart.add(
        "Consent",
        {
            "status": "active",
            "scope": hl7("consentscope", "patient-privacy", "Privacy Consent"),
            "category": [{"coding": [program]}],
            "patient": chart.subject,
            "dateTime": moment(signed, 560),
            "performer": [chart.subject],
            "organization": [ref(ORGANIZATION_REF)],
            "policy": [{"uri": "https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2"}],
            "provision": {
                "type": "permit",
                "period": {"start": signed.isoformat(), "end": later(as_of, 1).isoformat()},
                "purpose": [coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT", "treatment")],
            },
        },
        id_="part2-consent",
    )
    chart.restricted = False
    close_chart(chart)
    return chart.resources


SPECIAL: tuple[Special, ...] = (
    Special(
        "heavy",
        ("Harold", "James"),
        "Whitfield",
        "male",
        74.4,
        (
            ("hypertension", 26),
            ("diabetes", 22),
            ("hyperlipidemia", 21),
            ("ckd", 11),
            ("cad", 12),
            ("afib", 9),
            ("heart-failure", 7),
            ("gout", 14),
            ("knee-arthritis", 10),
            ("gerd", 16),
            ("hypothyroidism", 13),
            ("anemia", 6),
        ),
        "some",
        ("penicillin", "sulfonamide", "shellfish"),
        write=heavy_record,
    ),
    Special(
        "same-name-a",
        ("Maria", "Elena"),
        "Garcia",
        "female",
        47.2,
        (("hypertension", 6), ("obesity", 8)),
        "some",
        ("penicillin",),
        hispanic=True,
    ),
    Special("same-name-b", ("Maria", "Luisa"), "Garcia", "female", 47.17, (("asthma", 20), ("anxiety", 3)), hispanic=True),
    Special(
        "child",
        ("Lucas",),
        "Ortega",
        "male",
        6.6,
        (("asthma", 2.2), ("allergic-rhinitis", 1.4)),
        "some",
        ("peanut",),
        hispanic=True,
        guardian=("Ana Ortega", "female"),
    ),
    Special(
        "newborn", ("Baby Girl",), "Tsosie", "female", 0.03, race="native", allergies="not-recorded", guardian=("Leah Tsosie", "female")
    ),
    Special("part2", ("Jordan",), "Reyes", "male", 34.3, (("opioid-dependence", 3.1), ("depression", 4)), write=part2_record),
    Special("partial-lab", ("Walter",), "Novak", "male", 58.8, (("hyperlipidemia", 5), ("hypertension", 4)), write=partial_lab_record),
    Special(
        "deceased",
        ("Eleanor", "Ruth"),
        "Bishop",
        "female",
        88.1,
        (("heart-failure", 6), ("afib", 8), ("osteoporosis", 12)),
        died_days_ago=200,
    ),
    Special(
        "long-name",
        ("Maximiliana", "Alexandrina", "Theodosia", "Bernadette"),
        "Featherstonehaugh-Cholmondeley-Wolfeschlegelstein",
        "female",
        52.0,
        (("migraine", 9),),
        suffix="PhD",
        former_family="Featherstonehaugh",
    ),
    Special("diacritics", ("Željka", "Åsa"), "Çelik-Ñuñez O’Brien", "female", 39.5, (("hypothyroidism", 4),), "some", ("cat",)),
    Special("interpreter", ("Thị", "Hoa"), "Nguyễn", "female", 67.9, (("diabetes", 3.2), ("hypertension", 9)), race="asian", language="vi"),
    Special(
        "partial-birthdate",
        ("Abdi",),
        "Farah",
        "male",
        61.0,
        (("diabetes", 2.4),),
        "not-recorded",
        race="black",
        language="so",
        partial_birth="month",
    ),
    Special("no-allergies-recorded", ("Grace",), "Okafor", "female", 29.4, allergies="not-recorded", race="black"),
    Special(
        "complete-woman",
        ("Rosa", "Inés"),
        "Delgado",
        "female",
        33.4,
        (("asthma", 12), ("depression", 2.4), ("food-insecurity", 1.8), ("hypertension", 2.2)),
        "some",
        ("penicillin",),
        hispanic=True,
        former_family="Robles",
        complete=True,
    ),
    Special(
        "complete-elder",
        ("Henry", "Lee"),
        "Begay",
        "male",
        72.3,
        (("copd", 9), ("hypertension", 15), ("knee-arthritis", 8), ("depression", 3), ("food-insecurity", 2), ("diabetes", 6)),
        "some",
        ("sulfonamide",),
        race="native",
        suffix="Jr.",
        complete=True,
    ),
    Special(
        "complete-child",
        ("Mila",),
        "Archer",
        "female",
        2.6,
        (("asthma", 0.4),),
        "some",
        ("egg",),
        guardian=("Nora Archer", "female"),
        complete=True,
    ),
    Special("no-visits", ("Peter",), "Lindqvist", "male", 31.0, allergies="not-recorded"),
)
FIRST_RESIDENT = 21
"""Number of the first patient nobody planned; the numbers before are kept for the patients above."""


def special_people(as_of: date) -> Iterator[tuple[Special, Person]]:
    """The known patients, aged as of today."""
    for number, special in enumerate(SPECIAL, 1):
        yield special, _person(special, number, as_of)


def _person(special: Special, number: int, as_of: date) -> Person:
    rng = Random(f"special/{special.id}")
    home = Household(
        special.family,
        f"{100 + number * 11} E Broadway Blvd",
        "Tucson",
        "85711",
        f"520-555-{120 + number:04d}",
        "payer-medicaid" if special.id in ("child", "newborn", "part2") else "payer-saguaro",
        special.language,
    )
    born = as_of - timedelta(days=round(special.age * 365.25))
    person = Person(
        id=special.id,
        mrn=mrn(number),
        seed=f"special/{special.id}",
        sex=special.sex,
        born=born,
        family=special.family,
        given=special.given,
        household=home,
        race=special.race,
        ethnicity="hispanic" if special.hispanic else "non-hispanic",
        suffix=special.suffix,
        former_family=special.former_family,
        interpreter=special.language != "en",
        guardian=special.guardian,
        allergies=special.allergies,
        height_z=rng.gauss(0, 0.6),
        adult_bmi=rng.uniform(23, 29),
        allergens=special.allergens,
        complete=special.complete,
    )
    if special.guardian:
        person.contact = (special.guardian[0], "PRN")
    if special.partial_birth:
        person.birth_text = f"{born:%Y-%m}"
    if special.died_days_ago is not None:
        person.died = as_of - timedelta(days=special.died_days_ago)
    person.problems = [Problem(_chronic(key), later(as_of, years=-years)) for key, years in special.illnesses]
    if special.id != "no-visits":
        plan_visits(person, as_of, charted_years=4.5)
    if special.complete and special.age > 18:
        _finish_the_picture(person, as_of)
    if special.id == "part2":
        _join_program(person, as_of)
    return person


def _finish_the_picture(person: Person, as_of: date) -> None:
    """The visits that chance might leave out: the emergency room, the ward, a check-up between them; smoked until lately."""
    person.smoker = "former"
    taken = {visit.day for visit in person.visits}
    illness = next(one for one in ACUTE if one.diagnosis.key == "uti")
    for days, kind, acute in ((400, "emergency", illness), (300, "inpatient", None), (250, "well", None), (200, "followup", None)):
        day = as_of - timedelta(days=days)
        while day in taken:
            day += timedelta(days=1)
        taken.add(day)
        person.visits.append(Visit(day, 10 * 60, cast("VisitKind", kind), acute))
    person.visits.sort(key=lambda visit: visit.day)


def _chronic(key: str) -> Chronic:
    return OPIOID_DEPENDENCE if key == "opioid-dependence" else CHRONIC_BY_KEY[key]


def _join_program(person: Person, as_of: date) -> None:
    """Monthly visits to the opioid treatment program since it began."""
    taken = {visit.day for visit in person.visits}
    begun = next(problem for problem in person.problems if problem.key == "opioid-dependence")
    day = begun.onset + timedelta(days=3)
    while day < as_of:
        day += timedelta(days=(0, 0, 0, 0, 0, 2, 1)[day.weekday()])
        if day not in taken and day < as_of:
            person.visits.append(Visit(day, 9 * 60, "addiction"))
            taken.add(day)
        day += timedelta(days=30)
    person.visits.sort(key=lambda visit: visit.day)
    for problem in person.problems:
        problem.treated = None
    begin_treatment(person)
    begun.treated = begun.onset
