"""One visit from door to door: the Encounter, and the order in which its facts are written."""

from __future__ import annotations

from osler.demo.chart import Chart, Seen
from osler.demo.codes import HL7, SNOMED, VISIT, Json, coding, concept, hl7, later, moment, profile, ref
from osler.demo.model import Visit
from osler.demo.staff import ORGANIZATION_REF, Practitioner
from osler.demo.tables.short_illnesses import ACUTE
from osler.demo.tables.staff import ORGANIZATION_NAME, PLACES
from osler.demo.writing.problems import CONFIRMED, DIAGNOSED_HERE, clinical_status, diagnosis_code

CLASSES = {
    "well": ("AMB", "ambulatory"),
    "newborn": ("AMB", "ambulatory"),
    "followup": ("AMB", "ambulatory"),
    "acute": ("AMB", "ambulatory"),
    "addiction": ("AMB", "ambulatory"),
    "telehealth": ("VR", "virtual"),
    "emergency": ("EMER", "emergency"),
    "inpatient": ("IMP", "inpatient encounter"),
}
KINDS = {
    "well": ("185349003", "Encounter for check up"),
    "newborn": ("410620009", "Well child visit"),
    "followup": ("390906007", "Follow-up encounter"),
    "acute": ("185345009", "Encounter for symptom"),
    "addiction": ("390906007", "Follow-up encounter"),
    "telehealth": ("448337001", "Telemedicine consultation with patient"),
    "emergency": ("50849002", "Emergency room admission"),
    "inpatient": ("183452005", "Emergency hospital admission"),
}
WELL_CHILD = ("410620009", "Well child visit")
MINUTES = {
    "well": 30,
    "newborn": 40,
    "followup": 20,
    "acute": 20,
    "telehealth": 15,
    "emergency": 190,
    "inpatient": 3 * 1440 + 120,
    "addiction": 30,
}


def open_encounter(chart: Chart, visit: Visit) -> Seen:
    """Write the Encounter and give back where its facts will point to."""
    practitioner = _seen_by(chart, visit)
    place = PLACES[practitioner.place]
    if visit.acute:
        seen = _open_with_diagnosis(chart, visit, practitioner)
    else:
        reason = _reasons(chart, visit)
        reference = chart.add("Encounter", _body(chart, visit, practitioner, reason), profile("encounter"))
        seen = Seen(chart, visit, reference, practitioner, f"Location/{place.id}")
        seen.diagnoses = [one["reference"] for one in reason]
    return seen


def under_way(chart: Chart, visit: Visit) -> bool:
    """Today's visits have begun and not ended."""
    return visit.day == chart.as_of and visit.kind != "newborn"


def _seen_by(chart: Chart, visit: Visit) -> Practitioner:
    if visit.kind == "followup" and chart.person.complete and chart.once("specialist", 1):
        return chart.choose("cardiology")
    if visit.kind == "addiction":
        return chart.choose("addiction")
    if visit.kind in ("emergency", "inpatient"):
        return chart.choose("internal")
    if visit.kind == "followup" and chart.rng.random() < 0.22:
        special = [
            p.chronic.specialty
            for p in chart.person.problems
            if p.onset <= visit.day and p.chronic.specialty not in ("family", "addiction")
        ]
        if special:
            return chart.choose(chart.rng.choice(special))
    return chart.pcp if chart.rng.random() < 0.8 else chart.choose("nurse-practitioner")


def _reasons(chart: Chart, visit: Visit) -> list[Json]:
    if visit.kind not in ("followup", "telehealth", "inpatient", "addiction"):
        return []
    treated_here = ("opioid-dependence",)
    elsewhere = ("opioid-dependence", "food-insecurity")
    known = [
        p
        for p in chart.person.problems
        if p.onset <= visit.day
        and p.key in chart.conditions
        and (p.key in treated_here if visit.kind == "addiction" else p.key not in elsewhere)
    ]
    return [ref(chart.conditions[p.key], p.chronic.diagnosis.name) for p in known[:2]]


def _body(chart: Chart, visit: Visit, practitioner: Practitioner, reasons: list[Json]) -> Json:
    code, words = CLASSES[visit.kind]
    kind = WELL_CHILD if visit.kind == "well" and chart.person.age(visit.day) < 18 else KINDS[visit.kind]
    start, minutes = moment(visit.day, visit.minute), MINUTES[visit.kind]
    if chart.person.died:
        minutes = min(minutes, 1440)
    end = moment(visit.day, visit.minute + minutes)
    open_ = under_way(chart, visit)
    place = PLACES[practitioner.place]
    period = {"start": start} if open_ else {"start": start, "end": end}
    body: Json = {
        "identifier": [{"system": VISIT, "value": f"V{chart.person.mrn}-{visit.day:%y%m%d}"}],
        "status": "in-progress" if open_ else "finished",
        "class": coding(HL7 + "v3-ActCode", code, words),
        "type": [concept(SNOMED, *kind)],
        "subject": chart.subject,
        "participant": [
            {
                "type": [hl7("v3-ParticipationType", "PPRF", "primary performer")],
                "period": period,
                "individual": ref(practitioner.reference, practitioner.display),
            }
        ],
        "period": period,
    }
    if reasons:
        body["reasonReference"] = reasons
    elif visit.acute:
        body["reasonCode"] = [{"text": visit.acute.complaint[0].upper() + visit.acute.complaint[1:]}]
    else:
        body["reasonCode"] = [concept(SNOMED, *kind)]
    if visit.kind in ("inpatient", "emergency") and not open_:
        body["hospitalization"] = {"dischargeDisposition": hl7("discharge-disposition", "home", "Home")}
    body["location"] = [{"location": ref(f"Location/{place.id}", place.name)}]
    body["serviceProvider"] = ref(ORGANIZATION_REF, ORGANIZATION_NAME)
    return body


def _open_with_diagnosis(chart: Chart, visit: Visit, practitioner: Practitioner) -> Seen:
    acute = visit.acute or ACUTE[0]
    encounter = chart.add("Encounter", _body(chart, visit, practitioner, []), profile("encounter"))
    seen = Seen(chart, visit, encounter, practitioner, f"Location/{PLACES[practitioner.place].id}")
    healed = later(visit.day, days=acute.days)
    over = healed < (chart.person.died or chart.as_of)
    asserted = {"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": visit.day.isoformat()}
    body: Json = {
        "extension": [asserted],
        "clinicalStatus": clinical_status("resolved" if over else "active"),
        "verificationStatus": CONFIRMED,
        "category": [DIAGNOSED_HERE],
        "code": diagnosis_code(acute.diagnosis),
        "subject": chart.subject,
        "encounter": seen.encounter,
        "onsetDateTime": max(chart.person.born, later(visit.day, days=-2)).isoformat(),
    }
    if over:
        body["abatementDateTime"] = healed.isoformat()
    body |= {"recordedDate": seen.at(12), "recorder": seen.performer}
    seen.diagnoses = [chart.add("Condition", body, profile("condition-encounter-diagnosis"))]
    seen.findings.append(f"Presents with {acute.complaint}.")
    return seen
