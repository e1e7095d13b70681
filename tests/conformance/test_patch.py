"""JSON Patch and FHIRPath Patch. https://hl7.org/fhir/R4/http.html#patch and https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

import asyncio

import pytest

JSON_PATCH = "application/json-patch+json"
SUBJECT = {
    "resourceType": "Patient",
    "identifier": [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}, {"system": "c", "value": "3"}],
    "name": [{"use": "official", "family": "Curie", "given": ["Marie", "Salomea"]}, {"use": "maiden", "family": "Skłodowska"}],
    "gender": "female",
    "birthDate": "1867-11-07",
    "deceasedBoolean": True,
    "contact": [{"name": {"text": "Pierre"}, "gender": "male", "organization": {"display": "Mairie"}}],
}


def operation(kind, path, **parts):
    """One operation; `value...` parts are the value, the others are text or numbers."""
    given = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, value in parts.items():
        if name.startswith("value"):
            given.append({"name": "value", name: value})
        elif name == "part":
            given.append({"name": "value", "part": value})
        else:
            given.append({"name": name, "valueInteger" if isinstance(value, int) else "valueString": value})
    return {"name": "operation", "part": given}


def parameters(*operations):
    return {"resourceType": "Parameters", "parameter": list(operations)}


def after(**changes):
    """The subject with some elements replaced, or removed where None is given."""
    changed = SUBJECT | changes
    return {name: value for name, value in changed.items() if value is not None}


def content(resource):
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


FHIRPATH = [
    (operation("replace", "Patient.birthDate", valueDate="1900-01-01"), after(birthDate="1900-01-01")),
    (operation("delete", "Patient.birthDate"), after(birthDate=None)),
    (operation("delete", "Patient.maritalStatus"), SUBJECT),
    (operation("add", "Patient", name="active", valueBoolean=True), after(active=True)),
    (operation("add", "Patient", name="maritalStatus", valueCodeableConcept={"text": "married"}), after(maritalStatus={"text": "married"})),
    (operation("replace", "Patient.deceased", valueDateTime="1934-07-04"), after(deceasedBoolean=None, deceasedDateTime="1934-07-04")),
    (operation("delete", "Patient.deceased"), after(deceasedBoolean=None)),
    (
        operation("replace", "Patient.contact[0].gender", valueCode="other"),
        after(contact=[SUBJECT["contact"][0] | {"gender": "other"}]),
    ),
    (
        operation("delete", "Patient.contact[0].name.text"),
        after(contact=[{"gender": "male", "organization": {"display": "Mairie"}}]),
    ),
    (operation("delete", "Patient.contact[0]"), after(contact=None)),
    (
        operation("add", "Patient", name="contact", part=[{"name": "name", "valueHumanName": {"text": "Irène"}}]),
        after(contact=[*SUBJECT["contact"], {"name": {"text": "Irène"}}]),
    ),
    (
        operation("insert", "Patient.identifier", index=1, valueIdentifier={"value": "new"}),
        after(identifier=[SUBJECT["identifier"][0], {"value": "new"}, *SUBJECT["identifier"][1:]]),
    ),
    (operation("insert", "Patient.telecom", index=0, valueContactPoint={"rank": 1}), after(telecom=[{"rank": 1}])),
    (operation("move", "Patient.identifier", source=2, destination=0), after(identifier=[SUBJECT["identifier"][n] for n in (2, 0, 1)])),
    (operation("delete", "Patient.identifier.where(system = 'b')"), after(identifier=[SUBJECT["identifier"][n] for n in (0, 2)])),
    (
        operation("replace", "Patient.name.where(use='maiden' and family='Skłodowska').family", valueString="S."),
        after(name=[SUBJECT["name"][0], {"use": "maiden", "family": "S."}]),
    ),
    (
        operation("add", "Patient.name[1]", name="given", valueString="Maria"),
        after(name=[SUBJECT["name"][0], SUBJECT["name"][1] | {"given": ["Maria"]}]),
    ),
    (
        operation("replace", "Patient.name.first().given.last()", valueString="S."),
        after(name=[SUBJECT["name"][0] | {"given": ["Marie", "S."]}, SUBJECT["name"][1]]),
    ),
]


@pytest.mark.parametrize(("change", "expected"), FHIRPATH, ids=[f"{n}" for n in range(len(FHIRPATH))])
async def test_a_fhirpath_patch_changes_what_it_names_and_nothing_else(alpha, change, expected):
    made = await alpha.made(SUBJECT)

    answer = await alpha.ask("PATCH", f"Patient/{made['id']}", parameters(change))

    assert answer.status_code == 200, answer.text
    assert content(answer.json()) == expected
    assert content((await alpha.get(f"Patient/{made['id']}")).json()) == expected
    assert answer.headers["etag"] == 'W/"2"'


REFUSED = [
    (422, operation("add", "Patient", name="gender", valueCode="male")),
    (422, operation("add", "Patient.nothing", name="gender", valueCode="male")),
    (422, operation("add", "Patient", name="nonsense", valueCode="male")),
    (422, operation("replace", "Patient.maritalStatus", valueCodeableConcept={"text": "x"})),
    (422, operation("replace", "Patient.identifier", valueIdentifier={"value": "x"})),
    (422, operation("delete", "Patient.identifier")),
    (422, operation("delete", "Patient")),
    (422, operation("insert", "Patient.identifier", index=4, valueIdentifier={"value": "x"})),
    (422, operation("insert", "Patient.birthDate", index=0, valueDate="2000-01-01")),
    (422, operation("move", "Patient.identifier", source=0, destination=3)),
    (422, operation("replace", "Patient.birthDate", valueDate="not-a-date")),
    (422, operation("replace", "Patient.gender", valueCode="unheard-of")),
    (422, operation("replace", "Patient.id", valueId="other")),
    (400, operation("replace", "Observation.status", valueCode="final")),
    (400, operation("replace", "Patient.name.count()", valueInteger=1)),
    (400, operation("transmute", "Patient.birthDate")),
    (400, operation("replace", "Patient.birthDate")),
    (400, operation("insert", "Patient.identifier", valueIdentifier={"value": "x"})),
    (400, {"name": "other", "valueString": "x"}),
    (400, {"name": "operation", "part": [{"name": "path", "valueString": "Patient"}]}),
]


@pytest.mark.parametrize(("status", "change"), REFUSED, ids=[f"{n}" for n in range(len(REFUSED))])
async def test_a_fhirpath_patch_that_cannot_be_done_changes_nothing(alpha, refused, status, change):
    made = await alpha.made(SUBJECT)
    first = operation("replace", "Patient.birthDate", valueDate="1999-01-01")

    await refused(status, "PATCH", f"Patient/{made['id']}", parameters(first, change))

    assert content((await alpha.get(f"Patient/{made['id']}")).json()) == SUBJECT


async def test_a_json_patch_changes_what_it_names(alpha):
    made = await alpha.made(SUBJECT)
    patch = [
        {"op": "test", "path": "/gender", "value": "female"},
        {"op": "replace", "path": "/birthDate", "value": "1900-01-01"},
        {"op": "remove", "path": "/identifier/1"},
        {"op": "add", "path": "/name/-", "value": {"family": "New"}},
        {"op": "move", "from": "/contact/0/gender", "path": "/contact/0/name/use"},
        {"op": "replace", "path": "/contact/0/name/use", "value": "usual"},
        {"op": "copy", "from": "/identifier/0", "path": "/identifier/0"},
    ]

    answer = await alpha.ask("PATCH", f"Patient/{made['id']}", patch, content_type=JSON_PATCH)

    first, _, third = SUBJECT["identifier"]
    assert answer.status_code == 200, answer.text
    assert content(answer.json()) == after(
        birthDate="1900-01-01",
        identifier=[first, first, third],
        name=[*SUBJECT["name"], {"family": "New"}],
        contact=[{"name": {"text": "Pierre", "use": "usual"}, "organization": {"display": "Mairie"}}],
    )


async def test_a_patch_keeps_the_digits_of_what_it_does_not_touch(alpha):
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"a"}}'
    made = (await alpha.ask("POST", "Observation", body)).json()
    patch = (
        b'[{"op":"test","path":"/valueQuantity/value","value":1.5},{"op":"add","path":"/referenceRange","value":[{"low":{"value":2.00}}]}]'
    )

    answer = await alpha.ask("PATCH", f"Observation/{made['id']}", patch, content_type=JSON_PATCH)

    assert answer.status_code == 200, answer.text
    assert b'"value":1.50' in answer.content
    assert b'"value":2.00' in answer.content


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, b'[{"op":"test","path":"/gender","value":"male"}]'),
        (422, b'[{"op":"remove","path":"/nothing"}]'),
        (422, b'[{"op":"replace","path":"/birthDate","value":"2000-13-01"}]'),
        (422, b'[{"op":"add","path":"/nonsense","value":1}]'),
        (422, b'[{"op":"replace","path":"/id","value":"other"}]'),
        (422, b'[{"op":"replace","path":"/resourceType","value":"Person"}]'),
        (422, b'[{"op":"remove","path":"/identifier/9"}]'),
        (400, b'{"op":"remove","path":"/gender"}'),
        (400, b'[{"op":"vanish","path":"/gender"}]'),
        (400, b'[{"path":"/gender"}]'),
        (400, b'["x"]'),
        (400, b'[{"op":"remove","path":"/gen'),
        (400, b""),
    ],
)
async def test_a_json_patch_that_cannot_be_done_changes_nothing(alpha, refused, status, body):
    made = await alpha.made(SUBJECT)

    await refused(status, "PATCH", f"Patient/{made['id']}", body, content_type=JSON_PATCH)


async def test_parallel_patches_of_one_record_are_all_applied(alpha):
    made = await alpha.made(SUBJECT)
    patches = [[{"op": "add", "path": "/name/-", "value": {"family": f"N{turn}"}}] for turn in range(8)]

    answers = await asyncio.gather(*(alpha.ask("PATCH", f"Patient/{made['id']}", patch, content_type=JSON_PATCH) for patch in patches))

    assert [answer.status_code for answer in answers] == [200] * 8
    families = {name["family"] for name in (await alpha.get(f"Patient/{made['id']}")).json()["name"]}
    assert families == {"Curie", "Skłodowska", *(f"N{turn}" for turn in range(8))}


async def test_a_patch_of_what_is_not_there_is_404_and_of_what_is_deleted_410(alpha, refused):
    made = await alpha.made(SUBJECT)
    await alpha.ask("DELETE", f"Patient/{made['id']}")

    await refused(404, "PATCH", "Patient/nobody", [], content_type=JSON_PATCH)
    await refused(410, "PATCH", f"Patient/{made['id']}", [], content_type=JSON_PATCH)
