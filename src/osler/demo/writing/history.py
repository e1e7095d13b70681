"""What lies behind: illnesses that are over, operations long ago, and what was implanted then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from osler.demo.chart import Chart
from osler.demo.codes import ICD10, SNOMED, Json, coding, concept, later, moment, profile, ref
from osler.demo.writing.problems import CONFIRMED, PROBLEM_LIST, clinical_status

UNKNOWN: Json = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
"""An element that must be there and whose value nobody knows, http://hl7.org/fhir/us/core/general-requirements.html#missing-data"""


class Past(NamedTuple):
    """One illness that ended: both codes, at which age, how many days it lasted, and the operation."""

    snomed: str
    name: str
    icd10: str
    age: float
    days: int
    operation: tuple[str, str] | None = None


PASTS = (
    Past("74400008", "Appendicitis", "K37", 16, 12, ("80146002", "Appendectomy")),
    Past("65966004", "Fracture of forearm", "S52.90XA", 11, 60),
    Past("95570007", "Kidney stone", "N20.0", 17, 9),
)


class Implant(NamedTuple):
    """One kind of implant: for which illness, from how many years of it, the device and the operation."""

    problem: str
    share: float
    code: tuple[str, str]
    operation: tuple[str, str]
    identifier: str


IMPLANTS = (
    Implant(
        "knee-arthritis",
        0.25,
        ("304120007", "Total knee replacement prosthesis"),
        ("609588000", "Total knee replacement"),
        "00850000001011",
    ),
    Implant("heart-failure", 0.2, ("14106009", "Cardiac pacemaker"), ("307280005", "Implantation of cardiac pacemaker"), "00850000002018"),
)


def write_history(chart: Chart) -> None:
    """What the first visit brings to light."""
    person = chart.person
    if not person.visits:
        return
    told = person.visits[0].day
    past = chart.choice("past illness", PASTS)
    if person.age(told) >= past.age + 2 and chart.once("past illness", 0.2):
        _past(chart, past, told)
    for implant in IMPLANTS:
        problem = person.problem(implant.problem, told - timedelta(days=400))
        if problem and problem.key in chart.conditions and chart.once(f"implant {implant.problem}", implant.share):
            _implant(chart, implant, min(told - timedelta(days=30), problem.onset + timedelta(days=370)))


def _past(chart: Chart, past: Past, told: date) -> None:
    began = later(chart.person.born, years=past.age)
    recorded = moment(told, chart.person.visits[0].minute + 6)
    body: Json = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": told.isoformat()}],
        "clinicalStatus": clinical_status("resolved"),
        "verificationStatus": CONFIRMED,
        "category": [PROBLEM_LIST],
        "code": {"coding": [coding(SNOMED, past.snomed, past.name), coding(ICD10, past.icd10)], "text": past.name},
        "subject": chart.subject,
        "encounter": ref(f"Encounter/{chart.person.id}-e1"),
        "onsetDateTime": began.isoformat(),
        "abatementDateTime": later(began, days=past.days).isoformat(),
        "recordedDate": recorded,
        "recorder": ref(chart.pcp.reference, chart.pcp.display),
    }
    condition = chart.add("Condition", body, profile("condition-problems-health-concerns"))
    if past.operation:
        _operation(chart, past.operation, condition, None)


def _operation(chart: Chart, code: tuple[str, str], reason: str, day: date | None) -> str:
    when: Json = {"performedDateTime": day.isoformat()} if day else {"_performedDateTime": UNKNOWN}
    body: Json = {
        "status": "completed",
        "code": concept(SNOMED, *code),
        "subject": chart.subject,
        "reasonReference": [ref(reason)],
    }
    return chart.add("Procedure", body | when, profile("procedure"))


def _implant(chart: Chart, implant: Implant, day: date) -> None:
    _operation(chart, implant.operation, chart.conditions[implant.problem], day)
    made = day - timedelta(days=200)
    lot, serial = f"L{made:%y%m}", f"S{chart.person.mrn}"
    expires = later(made, years=8)
    carrier = f"(01){implant.identifier}(11){made:%y%m%d}(17){expires:%y%m%d}(10){lot}(21){serial}"
    body: Json = {
        "udiCarrier": [
            {
                "deviceIdentifier": implant.identifier,
                "issuer": "http://hl7.org/fhir/NamingSystem/gs1-di",
                "jurisdiction": "http://hl7.org/fhir/NamingSystem/fda-udi",
                "carrierHRF": carrier,
                "entryType": "barcode",
            }
        ],
        "status": "active",
        "distinctIdentifier": serial,
        "manufacturer": "Demo Implants, Inc.",
        "manufactureDate": made.isoformat(),
        "expirationDate": expires.isoformat(),
        "lotNumber": lot,
        "serialNumber": serial,
        "type": concept(SNOMED, *implant.code),
        "patient": chart.subject,
    }
    chart.add("Device", body, profile("implantable-device"))
