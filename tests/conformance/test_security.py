"""What somebody tries who should not get in, or not so far."""

import asyncio
import time

import pytest

JSON_PATCH = "application/json-patch+json"


async def as_role(clinic, role, path):
    return await clinic.anyone.get(f"{clinic.alpha.base}/{path}", headers={"authorization": f"Bearer alpha/{role}"})


@pytest.fixture
async def chart(alpha, patient):
    """A patient with an appointment, a visit and a result."""
    made = await alpha.made(patient(alpha.unique("Chart")))
    subject = {"reference": f"Patient/{made['id']}"}
    visit = await alpha.made({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": subject})
    await alpha.made(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "HIV"},
            "subject": subject,
            "encounter": {"reference": f"Encounter/{visit['id']}"},
        }
    )
    booked = {"start": "2026-11-02T09:00:00Z", "end": "2026-11-02T09:20:00Z"}
    participant = [{"actor": subject, "status": "accepted"}]
    await alpha.made({"resourceType": "Appointment", "status": "booked", "participant": participant} | booked)
    return made["id"]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("front.desk", {"Patient", "Appointment"}),
        ("biller", {"Patient", "Appointment", "Encounter"}),
        ("ma", {"Patient", "Appointment", "Encounter", "Observation"}),
        ("system", {"Patient", "Appointment", "Encounter", "Observation"}),
    ],
)
async def test_what_comes_with_a_patient_is_only_what_the_role_may_read(clinic, chart, role, seen):
    answer = await as_role(clinic, role, f"Patient?_id={chart}&_revinclude=*")

    assert answer.status_code == 200, answer.text
    assert {entry["resource"]["resourceType"] for entry in answer.json()["entry"]} == seen


async def test_a_type_asked_for_by_name_does_not_come_with_a_search_of_another(clinic, chart):
    named = await as_role(clinic, "front.desk", f"Patient?_id={chart}&_revinclude=Observation:subject&_revinclude=Encounter:patient")

    assert [entry["resource"]["resourceType"] for entry in named.json()["entry"]] == ["Patient"]


async def test_what_a_record_points_at_comes_only_where_the_role_may_read_it(clinic, alpha):
    problem = await alpha.made({"resourceType": "Condition", "code": {"text": "HIV"}, "subject": {"reference": "Patient/nobody"}})
    await alpha.made(
        {
            "resourceType": "Appointment",
            "id": "asked",
            "status": "proposed",
            "identifier": [{"value": problem["id"]}],
            "reasonReference": [{"reference": f"Condition/{problem['id']}"}],
            "participant": [{"actor": {"display": "Anybody"}, "status": "needs-action"}],
        }
    )
    path = f"Appointment?identifier={problem['id']}&_include=Appointment:reason-reference"

    desk, doctor = await as_role(clinic, "front.desk", path), await as_role(clinic, "physician", path)

    assert [entry["resource"]["resourceType"] for entry in desk.json()["entry"]] == ["Appointment"]
    assert [entry["resource"]["resourceType"] for entry in doctor.json()["entry"]] == ["Appointment", "Condition"]


async def test_copies_of_copies_are_refused_before_they_fill_the_memory(alpha, refused, patient):
    made = await alpha.made(patient())
    bomb = [{"op": "copy", "from": "/name", "path": f"/name/0/x{turn}"} for turn in range(60)]

    begun = time.perf_counter()
    await refused(413, "PATCH", f"Patient/{made['id']}", bomb, content_type=JSON_PATCH)

    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize("inside", ["a='b' and " * 20_000 + "a='b'", " " * 50_000 + "a='b'"])
async def test_a_patch_path_of_any_length_is_refused_at_once(alpha, refused, patient, inside):
    made = await alpha.made(patient())
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": f"Patient.name.where({inside})"}]
    change = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}

    async with asyncio.timeout(2):
        await refused(400, "PATCH", f"Patient/{made['id']}", change)


async def test_a_patch_that_is_nested_without_end_is_refused_and_changes_nothing(alpha, refused, patient):
    made = await alpha.made(patient(alpha.unique("Deep")))
    value = {"url": "urn:x", "valueBoolean": True}
    for _ in range(150):
        value = {"url": "urn:x", "extension": [value]}

    operation = {"op": "add", "path": "/extension", "value": [value]}
    await refused(400, "PATCH", f"Patient/{made['id']}", [operation], content_type=JSON_PATCH)
