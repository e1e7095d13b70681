"""A record with something of everything, and a look into the audit."""

from __future__ import annotations

from typing import Any

import pytest

from osler.platform.fhir import rid


def ref(kind: str, name: str) -> dict[str, str]:
    return {"reference": f"{kind}/{name}"}


def shown(answer: Any) -> list[str]:
    """`Type/id` of every entry of a Bundle, in order."""
    assert answer.status_code == 200, answer.text
    return [f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in answer.json().get("entry", [])]


@pytest.fixture
def everyone(clinic):
    """Asks as any role of the tenant alpha."""

    async def ask(role: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return await clinic.alpha.ask(method, path, body, authorization=f"Bearer alpha/{role}", **headers)

    return ask


@pytest.fixture
def audited(module_database):
    """The audit rows about one patient since the last look: (action, outcome, detail)."""

    async def rows(patient: str, action: str | None = None) -> list[tuple[str, int, str]]:
        async with module_database.owner() as owner:
            found = await owner.fetch(
                "select action, outcome, detail from audit.event where prid = $1 order by at, stream, seq", rid("Patient", patient)
            )
        return [(row["action"].decode(), row["outcome"], row["detail"]) for row in found if action in (None, row["action"].decode())]

    return rows


@pytest.fixture
async def ward(alpha):
    """A visit with a result, a prescription, an appointment and the people and places around it, and another patient beside it."""
    new, n = alpha.made, alpha.unique("x")
    house = (await new({"resourceType": "Organization", "name": f"House {n}"}))["id"]
    doctor = (await new({"resourceType": "Practitioner", "name": [{"family": f"Doctor{n}"}]}))["id"]
    role = (
        await new(
            {"resourceType": "PractitionerRole", "practitioner": ref("Practitioner", doctor), "organization": ref("Organization", house)}
        )
    )["id"]
    room = (await new({"resourceType": "Location", "name": f"Room {n}", "managingOrganization": ref("Organization", house)}))["id"]
    drug = (await new({"resourceType": "Medication", "code": {"text": "Aspirin"}}))["id"]
    await new({"resourceType": "Practitioner", "name": [{"family": "Uninvolved"}]})
    one, two = [
        (await new({"resourceType": "Patient", "name": [{"family": f"{word}{n}"}], "birthDate": "1950-03-01"}))["id"]
        for word in ("One", "Two")
    ]
    visit = await new(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": ref("Patient", one),
            "period": {"start": "2024-03-01T10:00:00Z", "end": "2024-03-05T10:00:00Z"},
            "participant": [{"individual": ref("PractitionerRole", role)}],
            "location": [{"location": ref("Location", room)}],
        }
    )
    result = await new(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
            "subject": ref("Patient", one),
            "encounter": ref("Encounter", visit["id"]),
            "effectiveDateTime": "2024-03-02",
        }
    )
    order = await new(
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": ref("Patient", one),
            "authoredOn": "2020-01-01",
            "medicationReference": ref("Medication", drug),
        }
    )
    both = await new(
        {
            "resourceType": "Appointment",
            "status": "booked",
            "start": "2025-01-01T10:00:00Z",
            "end": "2025-01-01T10:30:00Z",
            "participant": [{"actor": ref("Patient", two), "status": "accepted"}, {"actor": ref("Patient", one), "status": "accepted"}],
        }
    )
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
    allergy = await new({"resourceType": "AllergyIntolerance", "clinicalStatus": active, "patient": ref("Patient", one)})
    theirs = await new({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": ref("Patient", two)})
    return {
        "one": f"Patient/{one}",
        "two": f"Patient/{two}",
        "visit": f"Encounter/{visit['id']}",
        "result": f"Observation/{result['id']}",
        "order": f"MedicationRequest/{order['id']}",
        "appointment": f"Appointment/{both['id']}",
        "allergy": f"AllergyIntolerance/{allergy['id']}",
        "theirs": f"Observation/{theirs['id']}",
        "house": f"Organization/{house}",
        "doctor": f"Practitioner/{doctor}",
        "role": f"PractitionerRole/{role}",
        "room": f"Location/{room}",
        "drug": f"Medication/{drug}",
    }
