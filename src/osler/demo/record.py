"""A whole record from a person: everything the front desk and the visits leave behind, in the order it came to be."""

from __future__ import annotations

from datetime import date

from osler.demo.chart import Chart, Seen
from osler.demo.codes import Json, concept, hl7, profile, ref
from osler.demo.model import Person
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.staff import PLACES
from osler.demo.writing.booking import write_appointments
from osler.demo.writing.documents import write_note, write_provenance
from osler.demo.writing.encounters import open_encounter, under_way
from osler.demo.writing.immunizations import immunize
from osler.demo.writing.medications import prescribe_for_visit
from osler.demo.writing.plans import write_care_team, write_goals_and_plans
from osler.demo.writing.problems import write_allergies, write_problems
from osler.demo.writing.registration import write_coverage, write_patient
from osler.demo.writing.results import order_panels, usual_panels
from osler.demo.writing.screening import screen
from osler.demo.writing.vitals import write_vitals

SNOMED = "http://snomed.info/sct"
PROCEDURES = {
    "ankle-xray": ("19490002", "Ankle X-ray"),
    "chest-xray": ("399208008", "Plain chest X-ray"),
    "suture": ("288086009", "Suture open wound"),
    "colonoscopy": ("73761001", "Colonoscopy"),
    "mammography": ("71651007", "Mammography"),
    "spirometry": ("127783003", "Spirometry"),
}
IMAGING: list[Json] = [concept(SNOMED, "363679005", "Imaging")]


def open_chart(person: Person, as_of: date) -> Chart:
    """A chart with the lists that stand before any visit: identity, insurance, problems, allergies, team."""
    chart = Chart(person, as_of)
    write_patient(chart)
    write_coverage(chart)
    write_problems(chart)
    write_allergies(chart)
    write_care_team(chart)
    return chart


def write_record(person: Person, as_of: date) -> list[Json]:
    """All resources of one ordinary patient; nothing in them points at a later one except by id."""
    chart = open_chart(person, as_of)
    for visit in person.visits:
        chart.restricted = visit.kind == "addiction"
        write_visit(open_encounter(chart, visit))
        chart.restricted = False
    close_chart(chart)
    return chart.resources


def close_chart(chart: Chart) -> None:
    """What looks ahead: goals, plans, appointments; and who registered the patient."""
    write_goals_and_plans(chart)
    write_appointments(chart)
    if chart.person.visits:
        first = chart.person.visits[0]
        seen = Seen(chart, first, f"Encounter/{chart.person.id}-e1", chart.pcp, f"Location/{PLACES[0].id}")
        write_provenance(seen, f"Patient/{chart.person.id}")


def write_visit(seen: Seen) -> None:
    """One visit's facts: measured, asked, drawn, given, prescribed, noted."""
    chart, visit = seen.chart, seen.visit
    write_vitals(seen, few=visit.kind == "addiction")
    screen(seen)
    immunize(seen)
    if under_way(chart, visit):
        return
    order_panels(seen, usual_panels(seen))
    _procedures(seen)
    prescribe_for_visit(seen)
    write_note(seen)


def _procedures(seen: Seen) -> None:
    person, visit, rng = seen.chart.person, seen.visit, seen.chart.rng
    if visit.acute:
        if visit.acute.procedure:
            _procedure(seen, visit.acute.procedure, visit.acute.procedure.endswith("xray"))
        return
    age = person.age(visit.day)
    if visit.kind == "well" and 45 <= age <= 75 and rng.random() < 0.12:
        _procedure(seen, "colonoscopy", False)
    if visit.kind == "well" and person.sex == "female" and 40 <= age <= 74 and rng.random() < 0.35:
        _procedure(seen, "mammography", True)
    if (
        visit.kind == "followup"
        and (person.problem("asthma", visit.day) or person.problem("copd", visit.day))
        and age > 6
        and rng.random() < 0.2
    ):
        _procedure(seen, "spirometry", False)


def _procedure(seen: Seen, key: str, ordered: bool) -> None:
    chart = seen.chart
    code = concept(SNOMED, *PROCEDURES[key])
    reason: Json = (
        {"reasonReference": [ref(seen.diagnoses[0])]} if seen.diagnoses else {"reasonCode": [concept(SNOMED, "171149006", "Screening")]}
    )
    body: Json = {}
    if ordered:
        order: Json = {
            "status": "completed",
            "intent": "order",
            "category": IMAGING,
            "code": code,
            "subject": chart.subject,
            "encounter": seen.encounter,
            "occurrenceDateTime": seen.at(25),
            "authoredOn": seen.at(14),
            "requester": seen.performer,
        }
        body["basedOn"] = [ref(chart.add("ServiceRequest", order | reason, profile("servicerequest")))]
    body |= {
        "status": "completed",
        "code": code,
        "subject": chart.subject,
        "encounter": seen.encounter,
        "performedDateTime": seen.at(30),
        "performer": [
            {
                "function": hl7("v3-ParticipationType", "PPRF", "primary performer"),
                "actor": seen.performer,
                "onBehalfOf": ref(ORGANIZATION_REF),
            }
        ],
        "location": ref(seen.location),
    }
    chart.add("Procedure", body | reason, profile("procedure"))
    seen.plan.append(f"{PROCEDURES[key][1]} done.")
