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
from osler.demo.writing.history import write_history
from osler.demo.writing.immunizations import immunize
from osler.demo.writing.life import ask_about_life
from osler.demo.writing.medications import prescribe_for_visit
from osler.demo.writing.plans import write_care_team, write_goals_and_plans
from osler.demo.writing.problems import write_allergies, write_problems
from osler.demo.writing.registration import write_coverage, write_patient
from osler.demo.writing.reports import file_lab_report, report_on
from osler.demo.writing.results import order_panels, usual_panels
from osler.demo.writing.screening import screen
from osler.demo.writing.surveys import referral, survey
from osler.demo.writing.vitals import write_vitals

SNOMED = "http://snomed.info/sct"
PROCEDURES = {
    "ankle-xray": ("19490002", "Ankle X-ray"),
    "chest-xray": ("399208008", "Plain chest X-ray"),
    "suture": ("288086009", "Suture open wound"),
    "colonoscopy": ("73761001", "Colonoscopy"),
    "mammography": ("71651007", "Mammography"),
    "ecg": ("29303009", "Electrocardiographic procedure"),
    "spirometry": ("127783003", "Spirometry"),
}
STANDING = frozenset(
    {"Patient", "RelatedPerson", "Coverage", "Condition", "AllergyIntolerance", "Procedure", "Device", "CareTeam", "Goal", "CarePlan"}
)
"""Types of the lists that stand before any visit, or look ahead from the last."""
IMAGING: list[Json] = [concept(SNOMED, "363679005", "Imaging")]


def open_chart(person: Person, as_of: date) -> Chart:
    """A chart with the lists that stand before any visit: identity, insurance, problems, allergies, team."""
    chart = Chart(person, as_of)
    write_patient(chart)
    write_coverage(chart)
    write_problems(chart)
    write_history(chart)
    write_allergies(chart)
    write_care_team(chart)
    return chart


def write_record(person: Person, as_of: date) -> list[Json]:
    """All resources of one ordinary patient; nothing in them points at a later one except by id."""
    chart = open_chart(person, as_of)
    for visit in person.visits:
        chart.restricted = visit.kind == "addiction"
        before = len(chart.resources)
        seen = open_encounter(chart, visit)
        write_visit(seen)
        if person.complete:
            _vouch(seen, chart.resources[before:])
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
        standing = [one for one in chart.resources if one["resourceType"] in STANDING] if chart.person.complete else chart.resources[:1]
        _vouch(seen, standing)


def _vouch(seen: Seen, resources: list[Json]) -> None:
    write_provenance(seen, *(f"{one['resourceType']}/{one['id']}" for one in resources if one["resourceType"] != "Provenance"))


def write_visit(seen: Seen) -> None:
    """One visit's facts: measured, asked, drawn, given, prescribed, noted."""
    chart, visit = seen.chart, seen.visit
    write_vitals(seen, few=visit.kind == "addiction")
    screen(seen)
    ask_about_life(seen)
    survey(seen)
    immunize(seen)
    if under_way(chart, visit):
        return
    order_panels(seen, usual_panels(seen))
    _procedures(seen)
    _referrals(seen)
    prescribe_for_visit(seen)
    write_note(seen)


def _procedures(seen: Seen) -> None:
    chart, person, visit, rng = seen.chart, seen.chart.person, seen.visit, seen.chart.rng
    if visit.acute:
        if visit.acute.procedure:
            _procedure(seen, visit.acute.procedure, visit.acute.procedure.endswith("xray"))
        return
    age = person.age(visit.day)
    if visit.kind == "well" and age >= 60 and person.complete and chart.once("workup", 1):
        for key in ("chest-xray", "ecg", "spirometry", "colonoscopy"):
            _procedure(seen, key, key != "colonoscopy")
    if visit.kind == "well" and 45 <= age <= 75 and rng.random() < 0.12:
        _procedure(seen, "colonoscopy", False)
    if visit.kind == "well" and age > 50 and person.problem("hypertension", visit.day) and chart.once("ecg", 0.3):
        _procedure(seen, "ecg", True)
    if visit.kind == "well" and person.sex == "female" and 40 <= age <= 74 and rng.random() < 0.35:
        _procedure(seen, "mammography", True)
    if (
        visit.kind == "followup"
        and (person.problem("asthma", visit.day) or person.problem("copd", visit.day))
        and age > 6
        and rng.random() < 0.2
    ):
        _procedure(seen, "spirometry", False)


def _referrals(seen: Seen) -> None:
    """Help with food where it is short; and, now and then, a laboratory report that came on paper."""
    chart = seen.chart
    if seen.visit.kind == "well" and "food-insecurity" in chart.conditions and chart.once("food bank", 0.6):
        referral(seen, chart.conditions["food-insecurity"])
    if seen.visit.kind == "well" and not chart.restricted and chart.once("paper report", 0.05):
        file_lab_report(seen, "Hepatitis C antibody: not reactive. Report of an outside laboratory.")


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
    based_on: list[Json] = body.get("basedOn", [])
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
    report_on(seen, key, *based_on)
    seen.plan.append(f"{PROCEDURES[key][1]} done.")
