"""Prescriptions and what the pharmacy handed over."""

from __future__ import annotations

from datetime import timedelta

from osler.demo.chart import Chart, Seen
from osler.demo.codes import HL7, RXNORM, SNOMED, UCUM, US_CORE, Json, coding, concept, hl7, later, profile, ref
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.drugs import DRUGS, PENICILLINS, Drug

COMMUNITY: list[Json] = [hl7("medicationrequest-category", "community", "Community")]
CATEGORIES: dict[str, list[Json]] = {
    "acute": [hl7("medicationrequest-category", "outpatient", "Outpatient")],
    "emergency": [hl7("medicationrequest-category", "discharge", "Discharge")],
    "inpatient": [hl7("medicationrequest-category", "inpatient", "Inpatient")],
}
STOCKED = ("albuterol", "fluticasone-salmeterol")
"""Products the clinic's own cabinet holds: prescriptions point at the Medication instead of repeating its code."""
CODES = {key: concept(RXNORM, drug.rxnorm, drug.name) for key, drug in DRUGS.items()}
ORDERED = hl7("dose-rate-type", "ordered", "Ordered")
ORAL = concept(SNOMED, "26643006", "Oral route")


def stocked() -> list[Json]:
    """The products in the clinic's cabinet."""
    return [
        {"resourceType": "Medication", "id": f"med-{key}", "meta": profile("medication"), "code": CODES[key], "status": "active"}
        for key in STOCKED
    ]


def medicine(key: str) -> Json:
    """`medication[x]`: the code, or the product in the cabinet."""
    if key in STOCKED:
        return {"medicationReference": ref(f"Medication/med-{key}", DRUGS[key].name)}
    return {"medicationCodeableConcept": CODES[key]}


def adherence(seen: Seen) -> Json:
    """What the patient says about taking it, http://hl7.org/fhir/us/core/StructureDefinition-us-core-medication-adherence.html"""
    parts = [
        {"url": "medicationAdherence", "valueCodeableConcept": concept(SNOMED, "1156699004", "Complies with drug therapy")},
        {"url": "dateAsserted", "valueDateTime": seen.at(15)},
        {"url": "informationSource", "valueCodeableConcept": concept(SNOMED, "116154003", "Patient")},
    ]
    return {"url": US_CORE + "medication-adherence", "extension": parts}


def dosage(drug: Drug) -> list[Json]:
    """Directions as text, as timing and as a dose."""
    repeat: Json = {"frequency": drug.per_day, "period": drug.every, "periodUnit": drug.period}
    amount: Json = {"value": drug.dose, "unit": drug.unit.strip("{}"), "system": UCUM, "code": drug.unit}
    return [
        {
            "sequence": 1,
            "text": drug.directions,
            "timing": {"repeat": repeat},
            "asNeededBoolean": drug.as_needed,
            "route": ORAL,
            "doseAndRate": [{"type": ORDERED, "doseQuantity": amount}],
        }
    ]


DOSAGES = {key: dosage(drug) for key, drug in DRUGS.items()}
for _key in ("albuterol", "fluticasone", "fluticasone-salmeterol"):
    DOSAGES[_key][0]["route"] = concept(SNOMED, "447694001", "Respiratory tract route")
DOSAGES["hydrocortisone-cream"][0]["route"] = concept(SNOMED, "6064005", "Topical route")
DOSAGES["buprenorphine-naloxone"][0]["route"] = concept(SNOMED, "37839007", "Sublingual route")


def prescribe(seen: Seen, key: str, status: str, reason: str | None, renewal: bool = False) -> str:
    """One prescription written at this visit."""
    drug = DRUGS[key]
    body: Json = {"extension": [adherence(seen)]} if renewal and seen.chart.once(f"adherence {key}", 0.3) else {}
    body |= {
        "status": status,
        "intent": "order",
        "category": CATEGORIES.get(seen.visit.kind, COMMUNITY),
        "reportedBoolean": False,
        **medicine(key),
        "subject": seen.chart.subject,
        "encounter": seen.encounter,
        "authoredOn": seen.at(16),
        "requester": seen.performer,
    }
    if reason:
        body["reasonReference"] = [ref(reason)]
    supply: Json = {"value": drug.supply, "unit": drug.unit.strip("{}") if drug.supply > 1 else "unit"}
    body["dosageInstruction"] = DOSAGES[key]
    body["dispenseRequest"] = {
        "validityPeriod": {"start": seen.visit.day.isoformat(), "end": later(seen.visit.day, 1).isoformat()},
        "numberOfRepeatsAllowed": drug.refills,
        "quantity": supply,
        "expectedSupplyDuration": {"value": drug.days, "unit": "days", "system": UCUM, "code": "d"},
    }
    reference = seen.chart.add("MedicationRequest", body, profile("medicationrequest"))
    if (seen.chart.rng.random() < 0.25 or seen.chart.person.complete) and not seen.chart.restricted:
        _dispense(seen, key, drug, reference, supply)
    return reference


def _dispense(seen: Seen, key: str, drug: Drug, prescription: str, supply: Json) -> None:
    handed = seen.at(150)
    if seen.visit.day >= seen.chart.as_of:
        return
    seen.chart.add(
        "MedicationDispense",
        {
            "status": "completed",
            **medicine(key),
            "subject": seen.chart.subject,
            "context": seen.encounter,
            "performer": [{"actor": ref(ORGANIZATION_REF)}],
            "authorizingPrescription": [ref(prescription)],
            "type": {"coding": [coding(HL7 + "v3-ActCode", "FF", "First Fill")]},
            "quantity": supply,
            "daysSupply": {"value": drug.days, "unit": "days", "system": UCUM, "code": "d"},
            "whenHandedOver": handed,
            "dosageInstruction": DOSAGES[key],
        },
        profile("medicationdispense"),
    )


def safe(chart: Chart, key: str) -> bool:
    """False for a medicine the record says the person reacts to."""
    allergens = chart.allergens
    return not (
        (key in PENICILLINS and "penicillin" in allergens)
        or (key in ("aspirin", "ibuprofen", "naproxen") and "aspirin" in allergens)
        or (key == "lisinopril" and "lisinopril" in allergens)
    )


def prescribe_for_visit(seen: Seen) -> None:
    """Short courses for short illnesses; long-term medicines at the visit they begin and at each yearly renewal."""
    chart, visit = seen.chart, seen.visit
    if visit.acute:
        for key in visit.acute.drugs:
            chosen = key if safe(chart, key) else "azithromycin" if key in PENICILLINS else "acetaminophen"
            drug = DRUGS[chosen]
            finished = visit.day + timedelta(days=drug.days) < (chart.person.died or chart.as_of)
            prescribe(seen, chosen, "completed" if finished else "active", seen.diagnoses[0])
            seen.plan.append(f"{drug.name}: {drug.directions.lower()}.")
        return
    if visit.kind == "inpatient":
        prescribe(seen, "acetaminophen", "completed", seen.diagnoses[0] if seen.diagnoses else None)
    if visit.kind in ("newborn", "inpatient"):
        return
    for problem in chart.person.problems:
        restricted = problem.key == "opioid-dependence"
        if restricted != (visit.kind == "addiction") or problem.key not in chart.conditions:
            continue
        if problem.treated is None or visit.day < problem.treated:
            continue
        _renew(seen, problem.key, problem.chronic.drugs)


def _renew(seen: Seen, problem: str, drugs: tuple[str, ...]) -> None:
    chart = seen.chart
    for wanted in drugs:
        key = wanted if safe(chart, wanted) else "losartan" if wanted == "lisinopril" else "acetaminophen"
        wait = lasts(DRUGS[key])
        if (last := chart.prescribed.get(key)) and (seen.visit.day - last).days < wait:
            continue
        prescribe(seen, key, "completed" if _renewed_later(seen, wait) else _running(chart), chart.conditions[problem], last is not None)
        chart.prescribed[key] = seen.visit.day
        drug = DRUGS[key]
        seen.plan.append(f"{'Continue' if last else 'Start'} {drug.name}: {drug.directions.lower()}.")


def _running(chart: Chart) -> str:
    return "stopped" if chart.person.died else "active"


def lasts(drug: Drug) -> int:
    """Days until a long-term medicine is prescribed anew: what may not be refilled every month, the rest once a year."""
    return 300 if drug.refills else 26


def _renewed_later(seen: Seen, wait: int) -> bool:
    due = seen.visit.day + timedelta(days=wait)
    kinds = ("addiction",) if seen.visit.kind == "addiction" else ("well", "followup", "telehealth")
    return any(visit.day >= due and visit.kind in kinds for visit in seen.chart.person.visits)
