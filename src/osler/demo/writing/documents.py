"""Clinical notes: plain text in a DocumentReference, and who wrote it in a Provenance."""

from __future__ import annotations

from base64 import b64encode

from osler.demo.chart import Seen
from osler.demo.codes import HL7, LOINC, Json, coding, concept, hl7, profile, ref
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.staff import ORGANIZATION_NAME, SPECIALTIES

CATEGORY: list[Json] = [
    {"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note")]}
]
PROGRESS = concept(LOINC, "11506-3", "Progress note")
HISTORY = concept(LOINC, "34117-2", "History and physical note")
DISCHARGE = concept(LOINC, "18842-5", "Discharge summary")
CONSULT = concept(LOINC, "11488-4", "Consult note")
TYPES = {"well": HISTORY, "newborn": HISTORY, "inpatient": DISCHARGE}
FORMAT = coding(
    "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", "urn:ihe:iti:xds:2017:mimeTypeSufficient", "mimeType Sufficient"
)
TRANSMITTER = coding("http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type", "transmitter", "Transmitter")
PRIMARY = ("family", "internal", "pediatrics", "nurse-practitioner", "addiction")
SPECIALISTS = frozenset(specialty.key for specialty in SPECIALTIES) - frozenset(PRIMARY)
FINE = ("Appears well.", "In no distress.", "Comfortable, talking in full sentences.", "Alert and cooperative.")
ADVICE = (
    "Return sooner if worse.",
    "Questions answered.",
    "Will call with results.",
    "Next visit as scheduled.",
    "Patient agrees with the plan.",
)


def note_text(seen: Seen) -> str:
    """The note, built from what was found and decided."""
    chart, visit = seen.chart, seen.visit
    age, rng = chart.person.age(visit.day), chart.rng
    years = f"{int(age)}-year-old" if age >= 2 else f"{int(age * 12)}-month-old"
    known = [
        p.chronic.diagnosis.name
        for p in chart.person.problems
        if p.onset <= visit.day and (p.key != "opioid-dependence" or chart.restricted)
    ]
    background = f" Known: {', '.join(known)}." if known else ""
    found = " ".join(seen.findings) or "No new findings."
    plan = "\n".join(f"- {line}" for line in seen.plan) or "- No change."
    assessed = (
        visit.acute.diagnosis.name
        if visit.acute
        else "Health maintenance"
        if visit.kind in ("well", "newborn")
        else ", ".join(known[:3]) or "Follow-up"
    )
    return (
        f"SUBJECTIVE\n{years} {chart.person.sex} seen on {visit.day:%B %d, %Y}.{background}\n\n"
        f"OBJECTIVE\n{rng.choice(FINE)} {found}\n\nASSESSMENT\n{assessed}.\n\n"
        f"PLAN\n{plan}\n{rng.choice(ADVICE)}\n\n{seen.practitioner.display}\n"
    )


def write_note(seen: Seen) -> None:
    """File the visit's note."""
    text = note_text(seen)
    body: Json = {
        "identifier": [{"system": "https://demo.osler.example/ids/document", "value": f"D{seen.encounter['reference'].split('/')[1]}"}],
        "status": "current",
        "docStatus": "final",
        "type": CONSULT if seen.practitioner.specialty.key in SPECIALISTS else TYPES.get(seen.visit.kind, PROGRESS),
        "category": CATEGORY,
        "subject": seen.chart.subject,
        "date": seen.at(45),
        "author": [seen.performer],
        "custodian": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
        "content": [
            {"attachment": {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode()}, "format": FORMAT}
        ],
        "context": {"encounter": [seen.encounter], "period": {"start": seen.at(0), "end": seen.at(20)}},
    }
    document = seen.chart.add("DocumentReference", body, profile("documentreference"))
    if seen.chart.rng.random() < 0.2:
        write_provenance(seen, document)


def write_provenance(seen: Seen, *targets: str) -> None:
    """Who wrote it, for whom, and who passed it on."""
    author = {"type": hl7("provenance-participant-type", "author", "Author"), "who": seen.performer, "onBehalfOf": ref(ORGANIZATION_REF)}
    transmitter = {
        "type": {"coding": [TRANSMITTER]},
        "who": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
    }
    activity = {"coding": [coding(HL7 + "v3-DataOperation", "CREATE", "create")]}
    body: Json = {
        "target": [ref(target) for target in targets],
        "recorded": seen.at(46),
        "activity": activity,
        "agent": [author, transmitter],
    }
    seen.chart.add("Provenance", body, profile("provenance"))
