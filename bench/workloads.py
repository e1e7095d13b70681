"""The requests of the table, drawn at random from what the server holds. Budgets: CPU-ms of server + PostgreSQL per request."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bench.subject import Subject

BUNDLE = 100
CHART = """query Chart($id: ID!) { chart(patient: $id) {
  patient { id name { family given use } birthDate gender identifier { system value } }
  allergyStatus allergies { id code { text coding { code display } } criticality }
  problems { id code { text coding { system code display } } onsetDateTime }
  medications { id status authoredOn medicationCodeableConcept { text coding { code display } } }
  immunizations { id vaccineCode { text } occurrenceDateTime }
  encounters(first: 20) { items { id status period { start end } type { text } } }
  results(first: 30) { items { id code { text coding { code } } effectiveDateTime valueQuantity { value unit } interpretation { text } } }
  vitals(first: 12) { id code { text } effectiveDateTime valueQuantity { value unit } }
} }"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the table. `make` answers the next request; `per` divides the cost (resources in a Bundle)."""

    name: str
    budget: float
    make: Callable[[], bytes]
    per: int = 1
    sql: str | None = None
    """The same work for pgbench, where there is one."""


def observation(patient: str, dice: random.Random) -> dict[str, Any]:
    """A vital sign of about 1 KB, shaped like US Core's."""
    value = f"{dice.uniform(50, 120):.1f}"
    return {
        "resourceType": "Observation",
        "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-body-weight"]},
        "identifier": [{"system": "urn:example:bench", "value": f"{dice.getrandbits(64):016x}"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "Vital Signs",
                    }
                ],
                "text": "Vital Signs",
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}], "text": "Body weight"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"20{dice.randint(15, 26):02d}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}T08:30:00Z",
        "issued": "2026-11-01T09:00:00.000Z",
        "valueQuantity": {"value": float(value), "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "note": [{"text": "Measured on the standing scale in the rooming area, without shoes and without outer clothing."}],
    }


@dataclass(frozen=True, slots=True)
class Holdings:
    """Ids and names harvested from the server."""

    patients: list[str]
    pairs: list[tuple[str, str]]
    names: list[str]
    chart_patient: str
    long_patient: str


def harvest(subject: Subject) -> Holdings:
    """Look at what there is: patients, (patient, code) pairs that have results, family names."""
    found = subject.get("/demo/fhir/Patient?_count=200")["entry"]
    patients = [entry["resource"]["id"] for entry in found]
    names = [entry["resource"]["name"][0]["family"][:4] for entry in found if entry["resource"].get("name")]
    pairs, rows = [], {}
    for patient in patients[:60]:
        answer = subject.get(f"/demo/fhir/Observation?patient={patient}&_count=200").get("entry", [])
        rows[patient] = len(answer)
        pairs += [(patient, entry["resource"]["code"]["coding"][0]["code"]) for entry in answer[:8]]
    chart = min(patients[:60], key=lambda patient: abs(size_of_chart(subject, patient) - 80))
    long = max(rows, key=lambda patient: rows[patient])
    return Holdings(patients, pairs, names, chart, long)


def size_of_chart(subject: Subject, patient: str) -> int:
    """How many resources the chart query brings for a patient."""
    request = subject.message("POST", "/demo/graphql", chart_body(patient), Content_Type="application/json")
    _, _, body = exchange(subject, request).partition(b"\r\n\r\n")
    chart = json.loads(body)["data"]["chart"]
    lists = [part.get("items", [part]) if isinstance(part, dict) else part for part in chart.values() if isinstance(part, list | dict)]
    return sum(len(items) for items in lists)


def exchange(subject: Subject, request: bytes) -> bytes:
    """Send one request and read to the end of its answer."""
    import socket

    with socket.create_connection(("127.0.0.1", subject.port)) as line:
        line.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        parts = []
        while part := line.recv(65536):
            parts.append(part)
        return b"".join(parts)


def chart_body(patient: str) -> bytes:
    return json.dumps({"query": CHART, "variables": {"id": patient}}).encode()


def workloads(subject: Subject, held: Holdings) -> list[Workload]:
    """Every row, in the order of the table."""
    dice = random.Random(7)
    message = subject.message
    ids = held.patients
    json_type = {"Content_Type": "application/fhir+json"}
    observations = [f"{patient}" for patient in ids]

    def bundle() -> bytes:
        patient = dice.choice(observations)
        entries = [{"resource": observation(patient, dice), "request": {"method": "POST", "url": "Observation"}} for _ in range(BUNDLE)]
        body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
        return message("POST", "/demo/fhir", body, Prefer="return=minimal", **json_type)

    def search() -> bytes:
        patient, code = dice.choice(held.pairs)
        return message("GET", f"/demo/fhir/Observation?patient={patient}&code={quote(code)}&_sort=-date&_count=20")

    chart = message("POST", "/demo/graphql", chart_body(held.chart_patient), Content_Type="application/json", Accept_Encoding="gzip")
    live = message("POST", "/demo/graphql", chart_body(held.chart_patient), Content_Type="application/json", Cache_Control="no-cache")
    return [
        Workload("GET by id", 0.15, lambda: message("GET", f"/demo/fhir/Patient/{dice.choice(ids)}")),
        Workload(
            "POST Observation",
            0.6,
            lambda: message(
                "POST", "/demo/fhir/Observation", json.dumps(observation(dice.choice(observations), dice)).encode(), **json_type
            ),
        ),
        Workload("Observation?patient&code&_sort=-date&_count=20", 0.3, search),
        Workload("Patient?name", 0.35, lambda: message("GET", f"/demo/fhir/Patient?name={quote(dice.choice(held.names))}")),
        Workload(f"transaction of {BUNDLE}, per resource", 0.3, bundle, per=BUNDLE),
        Workload("GraphQL chart of 80, live", 1.2, lambda: live),
        Workload("GraphQL chart of 80, version-checked cache", 0.25, lambda: chart),
        Workload(
            "119 resources of one patient", 1.5, lambda: message("GET", f"/demo/fhir/Observation?patient={held.long_patient}&_count=119")
        ),
    ]
